"""A chat as one self-contained HTML file: images are embedded, and nothing in it runs or loads anything.

All text of the conversation is escaped. Markdown is rendered as in the terminal, without HTML and without remote images.
A content security policy forbids everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

from tui.chat.searches import Source, cited_before
from tui.chat.transcript import (
    Block,
    Compaction,
    Document,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from tui.chat.tree import ChatTree
from tui.exchange.markdown import (
    attachment,
    ending,
    ledger_line,
    moment,
    one_line,
    searched,
    source_list,
    speakers,
    with_citations,
)
from tui.render.html import html_of

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --dim: #6b7280; --line: #d1d5db; --code: #f3f4f6 }
@media (prefers-color-scheme: dark) { :root { --dim: #9ca3af; --line: #374151; --code: #1f2937 } }
body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif }
header { border-bottom: 1px solid var(--line); margin-bottom: 2rem }
h1 { font-size: 1.5rem; margin: 0 }
.facts, .state { color: var(--dim); font-size: .875rem }
article { margin: 2rem 0; overflow-wrap: anywhere }
article > h2 { font-size: 1rem; margin: 0 0 .5rem; display: flex; justify-content: space-between; gap: 1rem }
article > h2 time { color: var(--dim); font-weight: normal; font-size: .875rem }
.you { border-left: 3px solid var(--line); padding-left: 1rem }
.you .text { white-space: pre-wrap }
pre { background: var(--code); padding: .75rem 1rem; overflow-x: auto; border-radius: .25rem }
code { font: .875em/1.5 ui-monospace, monospace }
img { max-width: 100%; height: auto }
figure { margin: 1rem 0 }
figcaption, details { color: var(--dim) }
table { border-collapse: collapse } td, th { border: 1px solid var(--line); padding: .25rem .5rem }
p, li, td, th, h1, h2, h3, blockquote, .text { unicode-bidi: plaintext; text-align: start }
li > p { margin: .25rem 0 }
.formula { white-space: pre-wrap }
blockquote { border-left: 3px solid var(--line); margin-left: 0; padding-left: 1rem; color: var(--dim) }
"""


def to_html(tree: ChatTree, name_of: Callable[[str], str] = str) -> str:
    """Return the chat as an HTML document. `name_of` returns the display name of a model ID."""
    title = _text(one_line(tree.title) or "Untitled chat")
    messages = [node.message for node in tree.history()]
    entries = zip(messages, speakers(messages, name_of), cited_before(messages), strict=True)
    articles = "\n".join(_article(message, speaker, before) for message, speaker, before in entries)
    system = (
        f"<details><summary>System prompt</summary><pre>{_text(tree.system)}</pre></details>" if tree.system else ""
    )
    created = f'<p class="facts">{moment(tree.created)}</p>' if tree.created else ""
    ledger = f'<p class="facts">{_text(line)}</p>' if (line := ledger_line(tree)) else ""
    return (
        '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{title}</h1>\n{created}{ledger}{system}\n</header>\n{articles}\n</body>\n</html>\n"
    )


def _article(message: Message, speaker: str, before: Sequence[Source]) -> str:
    at = f"<time>{moment(message.at)}</time>" if message.at else ""
    side = "you" if message.is_prompt else "claude"
    heading = f"<h2><span>{_text(speaker)}</span>{at}</h2>" if speaker else ""
    body = "\n".join(_block(block, is_plain=message.role == "user") for block in with_citations(message, before))
    found = f'<div class="state">{html_of(_clean(text))}</div>' if (text := source_list(message, before)) else ""
    state = f'<p class="state">{_text(text)}</p>' if (text := ending(message)) else ""
    return f'<article class="{side}">\n{heading}\n{body}\n{found}{state}</article>'


def _block(block: Block, *, is_plain: bool) -> str:
    match block:
        case Text(text=text) if is_plain:
            return f'<div class="text">{_text(text)}</div>'
        case Text(text=text):
            return f'<div class="text">{html_of(_clean(text))}</div>'
        case Thinking(thinking=text):
            return _folded("Thought", text) if text else ""
        case Compaction(content=text):
            return _folded("Summary of the chat so far", text)
        case RedactedThinking():
            return '<p class="state">Thinking redacted by the provider</p>'
        case ToolUse(name=name, input=given):
            return _folded(f"Used {name}", given)
        case ToolResult(content=content, is_error=is_error):
            return _result(content, "Error" if is_error else "Result")
        case Image() | Document():
            return _attached(block)
        case Opaque():
            return f'<p class="state">{_text(searched(block))}</p>'


def _result(content: Sequence[Text | Image | Document], summary: str) -> str:
    inner = "\n".join(f"<pre>{_text(one.text)}</pre>" if isinstance(one, Text) else _attached(one) for one in content)
    return f"<details><summary>{summary}</summary>{inner}</details>"


def _attached(block: Image | Document) -> str:
    caption = f"<figcaption>{_text(attachment(block))}</figcaption>"
    if isinstance(block, Image) and block.media_type in _PICTURES and _BASE64.fullmatch(block.data):
        source = f"data:{block.media_type};base64,{block.data}"
        return f'<figure><img src="{source}" alt="{_text(block.name)}">{caption}</figure>'
    return f"<figure>{caption}</figure>"


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{_text(summary)}</summary><pre>{_text(text)}</pre></details>"


def _text(text: str) -> str:
    return escape(_clean(text), quote=True)


def _clean(text: str) -> str:
    """Remove characters that are not allowed in HTML, or change the direction of text."""
    return _CONTROLS.sub("\ufffd", text)
