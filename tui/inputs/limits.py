"""The limits for all input from outside, each with its reason.

A reader that reaches a limit keeps what has arrived and reports the limit in one sentence.
"""

from __future__ import annotations

from typing import Final

MIB: Final = 1024 * 1024

JSON_DEPTH: Final = 200
"""Arrays and objects inside one another. The deepest JSON of the API is below 20; Python's decoders give up near 1,000."""

JSON_OBJECTS: Final = 1_000_000
"""Arrays and objects in one text: 3 bytes of JSON become up to 80 bytes in memory."""

IMPORT_BYTES: Final = 2_000_000_000
"""A file of chats, unpacked. It is read twice, as a stream; five years of Claude.ai are about 500 MB."""

IMPORT_CHAT_BYTES: Final = 64 * MIB
"""One chat in such a file, which is in memory whole. The API takes 32 MB in a request, attachments included."""

IMPORT_CHATS: Final = 200_000
"""Chats in such a file."""

IMPORT_VALUES: Final = 4_000_000
"""Commas in one chat: a list of numbers takes four times its size in memory."""

ZIP_DIRECTORY_BYTES: Final = 16 * MIB
"""The list of files in a zip file, which is read whole. An export has below a hundred."""

ZIP_RATIO: Final = 100
"""How many times larger a file in a zip file may become. Text becomes 3 to 10 times larger; deflate can do 1,000."""

ZIP_RATIO_FREE_BYTES: Final = 10 * MIB
"""Up to this size the ratio does not matter."""

SCHEMA_DEPTH: Final = 50
"""Steps into the schema of a tool's arguments, references included. Real ones stay below 20."""

REQUEST_DEPTH: Final = JSON_DEPTH + 20
"""As JSON_DEPTH, of a request that prx has made: what it holds came within JSON_DEPTH, and a few levels are around it."""

TOOL_INPUT_BYTES: Final = 4 * MIB
"""The arguments of one tool call. The longest output of a model, 128,000 tokens, is about 0.6 MB."""

PATH_CHARS: Final = 4_096
"""Characters of a path. Linux takes no more, macOS a quarter; comparing the folders of longer ones takes minutes."""

SETTINGS_FILE_BYTES: Final = 1 * MIB
"""A configuration, credentials or model list file, and the small files in the state folder. Real ones stay below 100 KB."""

LAUNCH_FRAMES_BYTES: Final = MIB // 4
"""The first frames of earlier starts, of eight sizes of terminal. One of 120 by 40 cells has about 6 KB."""

SYSTEM_PROMPT_BYTES: Final = 10_000_000
"""The file of `--system-file`. The API takes 32 MB in a whole request."""

EDITED_BYTES: Final = 32_000_000
"""A text that comes back from the external editor. The API takes no more in a whole request."""

LOG_BYTES: Final = 2 * MIB
"""The log of an MCP server, of which the last line is shown. We write 1 MiB at most."""

PROGRAM_OUTPUT_BYTES: Final = 64 * MIB
"""What a helper program (clipboard, Keychain, tmux) may print. An image of 48 megapixels as PNG is below that."""

TOML_DEPTH: Final = 50
"""Arrays, inline tables and dotted keys inside one another. The deepest setting has four levels."""

PIPE_SILENCE_S: Final = 10.0
"""How long a pipe that was named on the command line (`--config <(gpg -d FILE)`) may stay silent: for a passphrase."""

PIPE_TOTAL_S: Final = 60.0
"""How long such a pipe may take in all, so that one byte now and then does not last for ever."""

PIPE_WRITER_S: Final = 1.0
"""How long a named pipe without a writer is waited for: a shell that has just started one needs a moment."""

WORKSPACE_ID_CHARS: Final = 200
"""The ID of a workspace goes out as a header. Real ones have about 30 characters."""

REPLY_BYTES: Final = 8 * MIB
"""One reply in memory: its text, its thinking, and what its other blocks hold; and the replies of one turn with tools, all
together. The longest reply that a model writes (128,000 tokens) has half a megabyte. While it arrives it is there three
times: to be kept, to be drawn, and for a chat that is left and opened again; writing it takes about as much. A character
counts for as many bytes as the widest one takes in a Python string: 1, 2 or 4."""

REPLY_PARTS: Final = 10_000
"""Blocks and citations of one reply. The longest answers with web searches have some hundreds."""

PASTE_CHARS: Final = 32_000_000
"""Characters of a paste. The API takes 32 MB in a whole request."""
REPLY_CHARS: Final = 4_096
"""Characters of a terminal's reply that are kept. Replies that we ask for have less than 100."""
PENDING_KEYS: Final = 500
"""Keys that were read and not handled yet. The fastest typing takes a minute for so many; each takes 2 to 4 KB."""
UNREAD_S: Final = 1.0
"""How long prx waits for a terminal that reads nothing more. A connection that stalls for longer shows all again later."""
SCREEN_COLUMNS, SCREEN_ROWS = 2_000, 1_000
"""The size of a terminal. A screen 8,000 pixels wide with letters of 4 by 8 pixels is below it."""

STDIN_BYTES: Final = 32_000_000
"""Text on stdin of `prx -p`. The API takes no more in a whole request."""

# Replies of a server

EVENT_BYTES: Final = 16 * MIB
"""One event of a stream, or an answer that does not stream. Nearly all are below 1 KB; a PDF that a server tool fetched can
have some MB."""

REPLY_WASTE_BYTES: Final = 16 * MIB
"""Events that add nothing to an answer, such as pings: what they take over its first REPLY_WASTE_RATIO bytes for each byte
that is kept. Endless ones would never let the turn end."""

REPLY_WASTE_RATIO: Final = 500
"""Bytes that may arrive for each one that is kept: an event around a single letter has about 120."""

ERROR_BODY_BYTES: Final = MIB
"""The body of an error, of which 600 characters are shown. Anthropic's have below 1 KB, pages of proxies up to 100 KB."""

SMALL_REPLY_BYTES: Final = 4 * MIB
"""A page of the model list, a token count, the tokens of a login. A page with 1,000 models has about 1 MB."""

MODELS: Final = 2_000
"""Models of one server. Anthropic lists about 20, large gateways up to 500."""

LENIENT_JSON_BYTES: Final = MIB
"""An event that only the standard library decodes, for half a surrogate pair in it: that takes 30 times as much memory."""

LABEL_CHARS: Final = 1_000
"""A name, an id or a reason in an answer. Real ones stay below 200."""

UNPACKED_STEP_BYTES: Final = 64 * 1024
"""What is unpacked at a time of a compressed body: 64 KB, as much as is read from the network at a time, can hold 66 MB."""

WAIT_S: Final = 60.0
"""Seconds that prx waits before another attempt because a server asks for it. A longer wait is the user's to decide on."""

COUNT: Final = 10**12
"""A number of tokens, or of anything else that a server counts. The largest context window is a million tokens."""

PACKED_WASTE_BYTES: Final = MIB
"""Bytes of a compressed body in a row that unpack to nothing. Real ones give something for each 64 KB."""

SMALL_REPLY_S: Final = 60.0
"""Seconds for the body of an error or of a small answer, however slowly it trickles. They take less than one."""

ANSWER_S: Final = 600.0
"""Seconds for the body of an answer that does not stream. The API itself gives up after ten minutes."""

UPLOAD_BYTES_PER_S: Final = 20_000
"""A slow line. A request has as much more time until its answer begins as it needs to go out at this speed."""

PAGE_BYTES: Final = 5 * MIB
"""A page that fetch_url reads, unpacked. Claude is given 50,000 characters of it at a time."""

PDF_S: Final = 10.0
"""Seconds for counting the pages of a PDF. A file of 23 MB, the most that a request takes, needs less than one."""

PDF_MEMORY_BYTES: Final = 1024 * MIB
"""Memory of the process that counts the pages of a PDF. The largest file needs less than 200 MB."""

HTML_DEPTH: Final = 1_000
"""Elements of a page inside one another. Real pages stay below 100; Chrome draws no more than 512."""

HTML_S: Final = 3.0
"""Seconds for turning a page into text. The largest that is read takes about one."""

SHOWN_CHARS: Final = 200_000
"""Of a text that is shown as it is: a prompt, a tool's arguments or its output. That is more than anybody scrolls through;
all of it is kept, and sent."""

SHOWN_JSON_CHARS: Final = 1_000_000
"""JSON of a call that is laid out for reading, or looked into for what to show of it. A longer one is shown as it came."""

SEARCH_CHARS: Final = 4_000_000
"""The JSON of a web search's result. Ten pages with what the API encrypts of them have some 200,000."""

LISTED_SOURCES: Final = 1_000
"""Pages that are listed of one web search, and sources below one answer. Real searches find ten."""

MENTIONS: Final = 100
"""Paths after an @ in one prompt that are looked up on disk. Nobody attaches so many files by hand."""
