"""Conversations for property tests: every kind of block, in every order, whole or cut, as a long life leaves them behind."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from tui.chat.transcript import (
    Block,
    Document,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    Tool,
    ToolResult,
    ToolUse,
    Transcript,
)

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQK"
SCHEMA = '{"type": "object", "properties": {"port": {"type": "string"}}, "required": ["port"]}'
TIDE = Tool(name="get_tide", description="The tide at a port.", input_schema=SCHEMA)
CITATIONS = (
    '{"type":"web_search_result_location","url":"https://tides.example","title":"T","encrypted_index":"RA==",'
    '"cited_text":"High water"}',
    '{"type":"char_location","cited_text":"it runs","document_index":0,"document_title":null,"start_char_index":0,'
    '"end_char_index":7,"file_id":null}',
)

_calls = st.sampled_from(["toolu_1", "toolu_2", "toolu_3"])
_searches = st.sampled_from(["srvtoolu_1", "srvtoolu_2"])
_words = st.text(max_size=12)


def _search(id: str) -> Opaque:
    json = f'{{"type":"server_tool_use","id":"{id}","name":"web_search","input":{{"query":"tide"}}}}'
    return Opaque("server_tool_use", json)


def _found(id: str) -> Opaque:
    json = f'{{"type": "web_search_tool_result", "tool_use_id": "{id}", "content": []}}'
    return Opaque("web_search_tool_result", json)


images = st.just(Image("image/png", PNG, name="fjord.png", width=1, height=1))
documents = st.sampled_from([Document("application/pdf", PDF, name="chart.pdf"), Document("text/plain", "aGk=")])
texts: st.SearchStrategy[Text] = st.builds(Text, _words)
results = st.builds(
    ToolResult,
    tool_use_id=_calls,
    content=st.lists(texts | images | documents, max_size=2).map(tuple),
    is_error=st.booleans(),
    elapsed_s=st.floats(0, 1e6),
)
said: st.SearchStrategy[Block] = st.one_of(
    texts,
    st.builds(Text, _words, st.lists(st.sampled_from(CITATIONS), max_size=2).map(tuple)),
    st.builds(Thinking, _words, st.sampled_from(["", "c2lnbmVk"])),
    st.just(RedactedThinking("ZGF0YQ==")),
    st.builds(ToolUse, _calls, st.just("get_tide"), st.sampled_from(['{"port": "Brest"}', "{}", '{"po', "[1]", ""])),
    _searches.map(_search),
    _searches.map(_found),
    st.just(Opaque("server_tool_use", '{"type":"server_tool')),
)
user_messages = st.lists(texts | images | documents | results, max_size=4).map(
    lambda blocks: Message(role="user", blocks=tuple(blocks))
)
answers = st.builds(
    Message,
    role=st.just("assistant"),
    blocks=st.lists(said, max_size=5).map(tuple),
    state=st.sampled_from(["complete", "complete", "stopped", "failed", "interrupted"]),
    model=st.sampled_from(["claude-sonnet-5-5", "claude-haiku-4-5-20251001", "qwen3"]),
    stop_reason=st.sampled_from(["end_turn", "end_turn", "tool_use", "max_tokens", "pause_turn", "refusal", ""]),
)
prompts = _words.map(lambda words: Message(role="user", blocks=(Text(f"And now? {words}"),)))
systems = st.sampled_from(["", "You know the tides.", "Tides. " * 700])
histories = st.lists(user_messages | prompts | answers, max_size=8).map(tuple)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """A conversation that ends with a prompt."""
    return Transcript(
        messages=(*draw(histories), draw(prompts)),
        system=draw(systems),
        tools=draw(st.sampled_from([(), (TIDE,), (TIDE, msgspec.structs.replace(TIDE, name="get_moon"))])),
    )
