"""Markdown and HTML of a chat: everything that was said, and nothing that runs, loads or breaks out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from chat_trees import trees
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from transcripts import PNG

from tui.chat.ledger import Bill, Usage
from tui.chat.transcript import Document, Failure, Image, Message, Opaque, Text, Thinking, ToolResult, ToolUse
from tui.chat.tree import ChatTree, Node
from tui.exchange import html_page, markdown

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![tracker](https://evil.example/pixel.png)",
    "[click](javascript:alert(1))",
    "[data](data:text/html,<script>alert(1)</script>)",
    '"><svg onload=alert(1)>',
    "</style><script>alert(1)</script>",
    "</title><script>x</script>",
    "<iframe src='https://evil.example'></iframe>",
    "[a]: javascript:alert(1)\n\n[a]",
    "<javascript:alert(1)>",
    "`<b>`\n\n```html\n<script>\n```",
    "\x00\x1b]52;c;x\x07 \u202e",
]


def chat(*messages: Message, **facts: object) -> ChatTree:
    nodes = [
        Node(id=str(number), parent_id=str(number - 1) if number else None, message=message)
        for number, message in enumerate(messages)
    ]
    return ChatTree(id="a", nodes=tuple(nodes), head=nodes[-1].id if nodes else None, **facts)


def user(*blocks: object) -> Message:
    return Message(role="user", blocks=blocks)


def claude(*blocks: object, **facts: object) -> Message:
    return Message(role="assistant", blocks=blocks, model="claude-sonnet-5-5", **facts)


class Page(HTMLParser):
    """What a browser would see: elements, their attributes, and the text that is shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.shown = ""
        self._hidden = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._hidden += tag in ("style", "title")

    def handle_endtag(self, tag):
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data):
        if not self._hidden:
            self.shown += data


def assert_harmless(html: str) -> Page:
    seen = Page(html)
    tags = {tag for tag, _ in seen.elements}
    assert not tags & {"script", "iframe", "object", "embed", "link", "base", "form", "svg", "input", "video", "audio"}
    for tag, attributes in seen.elements:
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "img":
            assert re.fullmatch(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*", attributes["src"])
        elif "src" in attributes:
            raise AssertionError(tag)
        if "href" in attributes:
            assert attributes["href"].lower().startswith(("http://", "https://", "mailto:"))
        if tag == "style":
            assert "url(" not in html.split("<style>")[1].split("</style>")[0]
    assert html.count("</style>") == html.count("<style>") == 1
    return seen


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_said_cannot_run_or_load(text: str) -> None:
    blocks = (
        Text(text),
        Thinking(text),
        ToolUse("toolu_1", text, text),
        ToolResult("toolu_1", (Text(text),)),
        Image(text, text, text),
        Image("image/png", f'{PNG}"{text}', text),
        Document("application/pdf", "x", text),
    )
    failed = claude(*blocks, state="failed", failure=Failure(message=text))
    tree = chat(user(*blocks), failed, title=text, system=text)
    html = html_page.to_html(tree, lambda id: text)
    assert_harmless(html)
    assert not re.search(r"[\x00-\x08\x1b\u202a-\u202e]", html)


@given(tree=trees())
def test_any_chat_can_be_written(tree: ChatTree) -> None:
    assert_harmless(html_page.to_html(tree)).shown.encode()
    markdown.to_markdown(tree).encode()


@given(text=st.text(alphabet="<>&\"'`*_[]()!#\n a:/.jx", max_size=80))
def test_no_combination_of_signs_breaks_out(text: str) -> None:
    assert_harmless(html_page.to_html(chat(user(Text(text)), claude(Text(text)), title=text)))


def test_pictures_are_in_the_page() -> None:
    seen = assert_harmless(html_page.to_html(chat(user(Image("image/png", PNG, "fjord.png", 10, 20), Text("Where?")))))
    (picture,) = [attributes for tag, attributes in seen.elements if tag == "img"]
    assert picture["src"] == f"data:image/png;base64,{PNG}"
    assert "fjord.png, 10×20" in seen.shown


def test_markdown_is_rendered_and_links_lead_out_without_a_trace() -> None:
    seen = assert_harmless(
        html_page.to_html(chat(claude(Text("**Out** [see](https://tides.example)\n\n|a|b|\n|-|-|\n|1|2|"))))
    )
    tags = [tag for tag, _ in seen.elements]
    assert {"strong", "a", "table"} <= set(tags)
    (link,) = [attributes for tag, attributes in seen.elements if tag == "a"]
    assert (link["href"], link["rel"]) == ("https://tides.example", "noopener noreferrer nofollow")


def test_a_picture_from_elsewhere_is_only_a_link() -> None:
    seen = assert_harmless(html_page.to_html(chat(claude(Text("![pixel](https://evil.example/p.png)")))))
    assert [attributes["href"] for tag, attributes in seen.elements if tag == "a"] == ["https://evil.example/p.png"]


def test_the_policy_forbids_the_rest() -> None:
    seen = Page(html_page.to_html(chat(user(Text("x")))))
    (policy,) = [a["content"] for tag, a in seen.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")


def test_markdown_tells_who_said_what() -> None:
    tree = chat(
        user(Image("image/png", PNG, "fjord.png", 10, 20), Text("Which way?")),
        claude(Thinking("Kelp\n\nlies seaward."), Text("**Out.**"), ToolUse("t", "get_tide", '{"port": "```"}')),
        user(ToolResult("t", (Text("ebb"),))),
        claude(Text("It ru"), state="stopped"),
        title="Fjord\ntrip",
        system="Be brief.",
    )
    assert markdown.to_markdown(tree, {"claude-sonnet-5-5": "Sonnet 5.5"}.__getitem__) == (
        "# Fjord trip\n\n> System prompt:\n>\n> Be brief.\n\n## You\n\n[image: fjord.png, 10×20]\n\nWhich way?\n\n"
        "## Sonnet 5.5\n\n> Thought:\n>\n> Kelp\n>\n> lies seaward.\n\n**Out.**\n\nUsed `get_tide`:\n\n"
        '````json\n{"port": "```"}\n````\n\nResult:\n\n```\nebb\n```\n\nIt ru\n\n*(stopped)*\n'
    )


def test_a_turn_has_one_heading_for_claude_however_many_tools_it_takes() -> None:
    called, result = claude(ToolUse("t", "get_tide")), user(ToolResult("t", (Text("ebb"),)))
    other = Message(role="assistant", blocks=(Text("In."),), model="claude-opus-5-5")
    tree = chat(
        user(Text("Which way?")), called, result, claude(Text("Out.")), user(Text("Sure?")), called, result, other
    )
    headings = [line for line in markdown.to_markdown(tree).splitlines() if line.startswith("## ")]
    assert headings == ["## You", "## claude-sonnet-5-5", "## You", "## claude-sonnet-5-5", "## claude-opus-5-5"]
    assert html_page.to_html(tree).count("<h2>") == len(headings)


def test_a_line_says_what_the_chat_has_cost_with_all_its_branches() -> None:
    first = claude(
        Text("Out."), usage=Usage(cache_creation_input_tokens=2_000, output_tokens=40), bill=Bill(cost_usd=0.5)
    )
    again = claude(
        Text("Out!"),
        usage=Usage(cache_read_input_tokens=2_000, output_tokens=60),
        bill=Bill(cost_usd=0.1, saved_usd=0.4),
    )
    lost = claude(usage=Usage(input_tokens=4_000), bill=Bill(cost_usd=0.2))
    tree = chat(user(Text("Which way?")), first)
    nodes = (
        *tree.nodes,
        Node(id="2", parent_id="0", message=again),
        Node(id="3", parent_id="0", copied=True, message=again),
    )
    tree = replace(tree, nodes=nodes, discarded=(lost,))
    line = "3 answers · 8k tokens in, 25 % from the cache · 100 out · $0.80 · $0.40 saved by the cache"
    assert f"*{line}*" in markdown.to_markdown(tree)
    assert line in Page(html_page.to_html(tree)).shown
    unpriced = replace(tree, discarded=(replace(lost, bill=None),))
    assert "· $0.60 and what 1 answer cost ·" in markdown.to_markdown(unpriced)
    cut = replace(tree, nodes=(*nodes[:2], replace(nodes[2], message=replace(again, state="stopped")), nodes[3]))
    assert "25 % from the cache · ~100 out · ~$0.80 · $0.40 saved" in markdown.to_markdown(cut)
    assert "answers" not in markdown.to_markdown(chat(user(Text("Which way?"))))


def test_only_the_branch_that_was_left_is_told() -> None:
    first = Node(id="one", message=user(Text("One")))
    tree = ChatTree(
        id="a",
        nodes=(
            first,
            Node(id="two", parent_id="one", message=claude(Text("Two"))),
            Node(id="three", parent_id="one", message=claude(Text("Three"))),
        ),
        head="two",
    )
    for text in (markdown.to_markdown(tree), html_page.to_html(tree)):
        assert "Two" in text
        assert "Three" not in text


SEARCHED = claude(
    Opaque("server_tool_use", '{"id":"s","name":"web_search","input":{"query":"tide *Brest*"}}'),
    Opaque(
        "web_search_tool_result",
        '{"tool_use_id":"s","content":[{"url":"https://tides.example","title":"T","encrypted_content":"SECRET"}]}',
    ),
    Text("High at ", ()),
    Text("06:12", ('{"url":"https://tides.example/a(b)","title":"Tides [x](javascript:y) <b>"}',)),
    Text(" (say they), and", ('{"url":"javascript:alert(1)","title":"Evil"}',)),
    Text(" more."),
)


def test_sources_are_numbered_in_markdown() -> None:
    written = markdown.to_markdown(chat(user(Text("?")), SEARCHED))
    assert r"*(searched the web: tide \*Brest\*)*" in written
    assert "*(found 1 page)*" in written
    assert r"High at 06:12 [\[1\]](<https://tides.example/a(b)>) (say they), and \[2\] more." in written
    assert "2. Evil" in written
    assert "SECRET" not in written


def test_the_numbers_of_sources_go_on_in_the_next_response_of_a_turn() -> None:
    more = claude(Text("Low at noon.", ('{"url":"https://noon.example","title":"Noon"}',)))
    tree = chat(user(Text("?")), SEARCHED, more)
    assert (
        "Low at noon. [\\[3\\]](<https://noon.example>)\n\n3. [Noon](<https://noon.example>)"
        in markdown.to_markdown(tree)
    )
    seen = assert_harmless(html_page.to_html(tree))
    assert "Low at noon. [3]" in seen.shown
    assert "3" in [at["start"] for tag, at in seen.elements if tag == "ol" and "start" in at]


def test_sources_are_numbered_links_on_the_page() -> None:
    seen = assert_harmless(html_page.to_html(chat(user(Text("?")), SEARCHED)))
    assert [at["href"] for tag, at in seen.elements if tag == "a"] == ["https://tides.example/a(b)"] * 2
    assert "High at 06:12 [1] (say they), and [2] more." in seen.shown
    assert "Tides [x](javascript:y) <b>" in seen.shown
    assert "searched the web: tide *Brest*" in seen.shown
