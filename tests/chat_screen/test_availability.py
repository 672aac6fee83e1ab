"""Actions that cannot be carried out now: palette, help and completion list show them dimmed, with the reason."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content

from tui.actions import ACTIONS, ALWAYS, BY_NAME
from tui.screens.command_palette import Palette, palette_row
from tui.screens.dialogs import HelpScreen, help_text
from tui.widgets.commands import CommandList
from tui.widgets.filter_list import FilterList
from tui.widgets.panel import PanelFoot
from tui.widgets.themes import DARK

REASON = "An answer is running"


class Reasons:
    """A port made in the test: what is not available, and why."""

    def __init__(self, **reasons: str) -> None:
        self.reasons = reasons

    def disabled_reason(self, name: str) -> str:
        return self.reasons.get(name, "")


class Page(App[None]):
    def __init__(self, availability: Reasons) -> None:
        super().__init__()
        self.availability = availability
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield CommandList(self.availability)


def styles_of(content: Content, text: str) -> str:
    """The styles of the place where the text stands."""
    at = content.plain.index(text)
    return " ".join(str(span.style) for span in content.spans if span.start <= at < span.end)


def test_without_anybody_who_says_otherwise_everything_is_available() -> None:
    assert not any(ALWAYS.disabled_reason(action.name) for action in ACTIONS)


@pytest.mark.parametrize("width", [30, 50, 78])
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_a_palette_row_that_is_not_available_is_dim_and_says_why(width: int, action: object) -> None:
    action = BY_NAME[getattr(action, "name", "")]
    row = palette_row(action, action.keys, width, REASON)
    assert REASON in row.plain
    assert "$foreground" not in {str(span.style) for span in row.spans}
    assert cell_len(row.plain) <= width


def test_a_palette_row_that_is_available_shows_its_command_and_keys() -> None:
    row = palette_row(BY_NAME["models"], ("f9",), 60)
    assert row.plain.split() == ["Switch", "the", "model", "/model", "F9"]
    assert styles_of(row, "Switch") == "$foreground"


@pytest.mark.anyio
async def test_picking_what_is_not_available_says_why_and_does_nothing() -> None:
    port = Reasons(fork=REASON)
    picked: list[str | None] = []
    app = Page(port)
    async with app.run_test() as pilot:
        app.push_screen(Palette({}, port), picked.append)
        await pilot.press(*"/fork", "enter")
        foot = app.screen.query_one(PanelFoot)
        assert isinstance(app.screen, Palette)
        assert REASON in str(foot.render())
        await pilot.press("backspace")
        assert REASON not in str(foot.render())  # it was said of that row
        await pilot.press("k")
        port.reasons.clear()  # the answer has ended meanwhile
        await pilot.press("enter")
        await pilot.pause()
        assert picked == ["fork"]


@pytest.mark.anyio
async def test_moving_on_in_the_palette_takes_the_reason_away() -> None:
    port = Reasons(new_chat=REASON)
    app = Page(port)
    async with app.run_test() as pilot:
        app.push_screen(Palette({}, port))
        await pilot.press("enter")
        foot = app.screen.query_one(PanelFoot)
        assert REASON in str(foot.render())
        await pilot.press("down")
        assert "run" in str(foot.render())


@pytest.mark.anyio
async def test_words_that_are_not_in_the_label_find_an_action_too() -> None:
    app = Page(Reasons())
    async with app.run_test() as pilot:
        app.push_screen(Palette({}))
        await pilot.press(*"pictures")
        assert app.screen.query_one(FilterList).picked == "attach"


def test_the_help_screen_shows_the_reason_beside_the_label() -> None:
    text = help_text({}, 90, Reasons(regenerate=REASON))
    line = next(line for line in text.split("\n") if BY_NAME["regenerate"].label in line.plain)
    assert line.plain.rstrip().endswith(f"{BY_NAME['regenerate'].label} · {REASON}")
    assert {styles_of(line, "/again"), styles_of(line, "Regenerate")} == {"$dim"}
    other = next(line for line in text.split("\n") if BY_NAME["fork"].label in line.plain)
    assert styles_of(other, "/fork") == "$accent"


@pytest.mark.parametrize("width", [40, 54, 76])
def test_the_help_screen_keeps_to_its_width_with_reasons(width: int) -> None:
    text = help_text({}, width, Reasons(**{action.name: REASON for action in ACTIONS}))
    assert all(cell_len(line) <= width for line in text.plain.split("\n"))
    assert " ".join(text.plain.split()).count(REASON) == len(ACTIONS)


@pytest.mark.anyio
async def test_the_help_screen_asks_when_it_is_opened() -> None:
    port = Reasons(stop="No answer is running")
    app = Page(port)
    async with app.run_test(size=(80, 60)) as pilot:
        app.push_screen(HelpScreen({}, port))
        await pilot.pause()
        shown = "\n".join(str(widget.render()) for widget in app.screen.query("VerticalScroll Static"))
        assert "Stop the answer · No answer is running" in shown


@pytest.mark.anyio
async def test_the_completion_list_dims_what_is_not_available() -> None:
    port = Reasons(new_chat=REASON)
    app = Page(port)
    async with app.run_test():
        commands = app.query_one(CommandList)
        commands.offer((BY_NAME["new_chat"], BY_NAME["chats"]))
        first, second = Content.assemble(commands.content).split("\n")
        assert first.plain.endswith(f"{BY_NAME['new_chat'].label}  {REASON}")
        assert "Ctrl+N" not in first.plain
        assert "$foreground" not in styles_of(first, "/new")  # although the highlight is on it
        assert "$foreground" in styles_of(second, "/chats")


@pytest.mark.anyio
@pytest.mark.parametrize(("columns", "shown"), [(60, "/export  Export"), (80, "/export [md|html|json]  Export")])
async def test_the_completion_list_shows_arguments_where_there_is_room(columns: int, shown: str) -> None:
    app = Page(Reasons())
    async with app.run_test(size=(columns, 24)):
        commands = app.query_one(CommandList)
        commands.offer((BY_NAME["export"],))
        assert shown in str(commands.content)
