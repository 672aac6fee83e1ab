"""The settings of the next request, attachments, and the library of chats, without a screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from bench import Bench, bench
from serving import words

from tui.chat.forecast import estimate
from tui.chat.transcript import Draft
from tui.chat_screen.context import stored
from tui.chat_screen.controllers.attachments import AttachmentController, AttachmentPorts
from tui.chat_screen.controllers.generation import GenerationPorts, GenerationSettings
from tui.chat_screen.controllers.library import LibraryController, LibraryPorts
from tui.chat_screen.pipeline import Submission
from tui.demo.reply import Gate
from tui.demo.scenarios import Answer, Text

pytestmark = pytest.mark.anyio

PRESETS = '[presets.review]\nmodel = "haiku"\nsystem = "Review."\n[presets.plan]\neffort = "low"\n'


# Model, thinking, effort, system prompt, presets


class Pickers:
    """Remembers what would be picked from."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.opened.append((name, arguments))


class Settings:
    def __init__(self, one: Bench, *, is_started: bool = True, keeps_model: bool = False) -> None:
        from tui.chat.cache_state import COLD

        self.pickers = Pickers()
        self.remembered: list[Any] = []
        ports = GenerationPorts(
            dialogs=lambda: self.pickers,  # type: ignore[arg-type,return-value]
            show_model=one.calls.port("show model"),
            warmth=lambda: COLD,
            start_new=one.calls.port("start new"),
            is_started=lambda: is_started,
            remember_folder=self.remembered.append,
        )
        self.controller = GenerationSettings(one.context, ports, keeps_model=keeps_model)


async def test_a_model_is_used_by_its_name_or_picked() -> None:
    async with bench() as one:
        settings, before = Settings(one), one.provider.model
        settings.controller.choose_model("haiku")
        assert (one.provider.model.family, one.calls.names) == ("haiku", ["show model"])
        settings.controller.choose_model()
        ((name, (*_, picked)),) = settings.pickers.opened
        assert name == "pick_model"
        picked(before)
        assert one.provider.model == before


async def test_the_store_knows_with_which_settings_a_chat_goes_on() -> None:
    async with bench(words("one"), words("two")) as one:
        settings = Settings(one)
        passed: list[Submission] = []
        submission = Submission(one.current, "prompt", Draft(text="hello"))
        settings.controller.record_model(submission, passed.append)
        assert (passed, settings.remembered) == ([submission], [one.current])
        await one.say("first")
        one.provider.use("haiku")
        settings.controller.choose_thinking("off")
        settings.controller.record_model(submission, passed.append)
        chat = await stored(one.store.chat(one.current.id))
        assert (chat.model, chat.thinking) == (one.provider.model.id, "off")


async def test_in_the_background_nothing_of_the_settings_is_recorded() -> None:
    async with bench(words("one")) as one:
        settings = Settings(one)
        await one.say("first")
        before = await stored(one.store.chat(one.current.id))
        one.current.is_on_view = False
        one.provider.use("haiku")
        passed: list[Submission] = []
        settings.controller.record_model(Submission(one.current, "next"), passed.append)
        assert (len(passed), settings.remembered) == (1, [])
        assert (await stored(one.store.chat(one.current.id))).model == before.model


@pytest.mark.parametrize(
    ("is_started", "keeps", "is_restored"), [(False, True, False), (True, True, True), (False, False, True)]
)
async def test_a_model_named_at_the_start_goes_before_that_of_the_restored_chat(
    is_started: bool, keeps: bool, is_restored: bool
) -> None:
    from msgspec.structs import replace

    async with bench(words("one")) as one:
        settings = Settings(one, is_started=is_started, keeps_model=keeps)
        await one.say("first")
        named = one.provider.model.id
        one.provider.use("haiku")
        other = one.provider.model.id
        one.provider.use(named)
        settings.controller.restore(replace(await stored(one.store.chat(one.current.id)), model=other))
        assert one.provider.model.id == (other if is_restored else named)


async def test_a_chat_whose_preset_is_gone_is_restored_all_the_same() -> None:
    from msgspec.structs import replace

    async with bench(words("one")) as one:
        settings = Settings(one)
        await one.say("first")
        before = one.provider.model
        chat = await stored(one.store.chat(one.current.id))
        settings.controller.restore(replace(chat, preset="gone", effort="low"))
        assert (one.provider.model, one.provider.reasoning.effort) == (before, "low")


async def test_effort_is_chosen_by_a_word_and_refused_where_there_is_none() -> None:
    async with bench() as one:
        settings = Settings(one)
        settings.controller.choose_effort("low")
        assert (one.provider.reasoning.effort, one.calls.names) == ("low", ["show model"])
        settings.controller.choose_effort("enormous")
        assert (one.provider.reasoning.effort, one.calls.names, len(one.notices)) == ("low", ["show model"], 2)
        settings.controller.choose_effort()
        assert [name for name, _ in settings.pickers.opened] == ["pick_reasoning"]


async def test_the_system_prompt_is_set_between_turns_only() -> None:
    async with bench(Answer(Text("It runs", Gate()))) as one:
        settings = Settings(one)
        settings.controller.edit_system("Be brief.")
        assert (one.current.transcript.system, len(one.notices)) == ("Be brief.", 1)
        settings.controller.edit_system("Be brief.")
        assert len(one.notices) == 1  # it is that already
        settings.controller.edit_system()
        ((name, (text, _, edited)),) = settings.pickers.opened
        assert (name, text) == ("edit_system", "Be brief.")
        one.current.start(Draft(text="tides"))
        edited("Too late.")
        settings.controller.edit_system("Too late.")
        assert (one.current.transcript.system, len(one.notices)) == ("Be brief.", 2)


async def test_a_preset_begins_a_new_chat_and_is_that_of_further_ones() -> None:
    async with bench(config=PRESETS) as one:
        settings = Settings(one)
        settings.controller.choose_preset("no such preset")
        assert (one.calls, len(one.notices)) == ([], 1)
        settings.controller.choose_preset("review")
        assert (one.provider.preset, one.calls.names) == ("review", ["start new"])
        one.provider.use_preset("plan")  # of a chat that is opened
        settings.controller.reset_preset()
        assert one.provider.preset == "review"
        settings.controller.choose_preset("-")
        assert one.provider.preset == ""


# Attachments


class Attachments:
    def __init__(self, one: Bench, files: Sequence[Path] = (), last_folder: Any = None) -> None:
        self.calls = calls = one.calls
        self.later: list[Callable[[], None]] = []
        self.dialogs: list[Any] = []
        ports = AttachmentPorts(
            attach_files=calls.port("attach"),
            put=calls.port("put"),
            send=calls.port("send"),
            send_when_ready=calls.port("send when ready"),
            after_refresh=self.later.append,
            draft=lambda: Draft(text="look"),
            coming=lambda draft, after: estimate(after, draft, one.provider.model, one.clock.wall()),
            open_dialog=lambda *ports: self.dialogs.append(ports),
        )
        self.controller = AttachmentController(one.context, ports, files, last_folder)

    def refresh(self) -> list[str]:
        for do in self.later:
            do()
        return self.calls.names


FILE = Path("tide.png")


@pytest.mark.parametrize(
    ("prompt", "files", "is_done", "calls"),
    [
        ("", (), True, []),
        ("", (FILE,), True, ["attach"]),
        ("hello", (), False, []),
        ("hello", (FILE,), True, ["put", "attach", "send when ready"]),
        ("see @tide.png", (), True, ["put", "send"]),
        ("/model @x", (), False, []),
    ],
)
async def test_what_the_program_was_started_with(
    prompt: str, files: tuple[Path, ...], is_done: bool, calls: list[str]
) -> None:
    async with bench(records=False) as one:
        attachments = Attachments(one, files)
        assert attachments.controller.start(prompt) is is_done
        assert [name for name in one.calls.names if name != "put"] == []  # not before the first frame
        assert attachments.refresh() == calls


async def test_a_name_after_the_command_is_attached_without_its_quotes() -> None:
    async with bench(records=False) as one:
        Attachments(one).controller.attach('"my tide.png"')
        assert one.calls.of("attach") == [[Path("my tide.png")]]


class LastFolder:
    def __init__(self) -> None:
        self.kept: list[Path] = []

    def read(self) -> Path | None:
        return Path("/earlier")

    def keep(self, folder: Path) -> None:
        self.kept.append(folder)


async def test_the_dialog_begins_where_it_was_left() -> None:
    async with bench() as one:
        last = LastFolder()
        attachments = Attachments(one, last_folder=last)
        attachments.controller.attach()
        ((first_folder, cost, is_many, closed),) = attachments.dialogs
        assert (first_folder(), cost(1), is_many(1), is_many(1_000)) == (Path("/earlier"), "", False, True)
        closed(Path("/now"), [FILE], 800)
        closed(Path("/now"), [], None)
        await one.work.done()
        assert (first_folder(), last.kept, one.calls) == (Path("/now"), [Path("/now")], [("attach", [FILE], 800)])


async def test_nothing_is_removed_where_nothing_is_attached() -> None:
    async with bench() as one:
        controller = Attachments(one).controller
        assert controller.disabled_reason("detach")
        assert not controller.disabled_reason("attach")
        assert controller.image_count(Draft(text="no image")) == 0


# The library


class Library:
    def __init__(self, one: Bench) -> None:
        calls = one.calls
        self.titles: list[Callable[[str], None]] = []
        self.earlier: list[str] = []

        class Dialogs:
            open_list = staticmethod(calls.port("open list"))
            pick_prompt = staticmethod(calls.port("pick prompt"))
            list_changed = staticmethod(calls.port("list changed"))
            notify_list = staticmethod(calls.port("notify list"))
            ask_title = staticmethod(lambda title, named: self.titles.append(named))

        ports = LibraryPorts(
            dialogs=Dialogs(),  # type: ignore[arg-type]
            show_title=calls.port("show title"),
            start_new=calls.port("start new"),
            give_up=calls.port("give up"),
            open=calls.port("open"),
            remember_earlier=self.earlier.extend,
        )
        self.controller = LibraryController(one.context, ports)


async def test_before_the_store_is_open_nothing_of_the_library_is_available() -> None:
    async with bench(records=False) as one:
        controller = Library(one).controller
        for do in (
            controller.open_list,
            controller.search_prompts,
            controller.rename,
            controller.pin,
            controller.undelete,
        ):
            do()
        controller.keep_unsent("text")
        assert (one.calls, len(one.notices)) == ([], 5)


async def test_a_chat_that_has_not_begun_has_no_title_and_cannot_be_deleted() -> None:
    async with bench() as one:
        controller = Library(one).controller
        controller.open_list("tide")
        for do in (controller.rename, controller.pin, controller.export, controller.delete_current):
            do()
        assert (one.calls.names, one.calls.of("open list"), len(one.notices)) == (["open list"], ["tide"], 4)


async def test_a_title_is_given_in_the_command_or_asked_for() -> None:
    async with bench(words("one")) as one:
        library = Library(one)
        await one.say("first")
        library.controller.rename("Tides")
        assert (one.current.title, (await stored(one.store.chat(one.current.id))).title) == ("Tides", "Tides")
        library.controller.rename()
        library.titles[0]("Kelp")
        assert (one.current.title, one.calls.names) == ("Kelp", ["show title", "show title"])


async def test_a_chat_is_pinned_and_unpinned() -> None:
    async with bench(words("one")) as one:
        library = Library(one)
        await one.say("first")
        for is_pinned in (True, False):
            library.controller.pin()
            await one.work.done()
            assert (await stored(one.store.chat(one.current.id))).pinned is is_pinned
        assert len(one.notices) == 2


async def test_a_chat_is_exported_and_a_kind_that_does_not_exist_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with bench(words("one")) as one:
        library = Library(one)
        await one.say("first")
        library.controller.export("json")
        library.controller.export("pdf")
        library.controller.export_from_list(one.current.id)
        await one.work.done()
        assert (len(one.notices), one.calls.names) == (2, ["notify list"])
    assert files_in(tmp_path, "first*") == ["first.json", "first.md"]


async def test_the_chat_on_view_gives_way_when_it_is_deleted_and_comes_back() -> None:
    async with bench(words("one"), words("two")) as one:
        library = Library(one)
        await one.say("first")
        other = one.recorded()
        await one.say("second", session=other)
        library.controller.delete(other.id)
        assert (one.calls.names, await titles(one)) == (["give up"], ["first"])
        library.controller.delete_current()
        assert (one.calls.names, await titles(one)) == (["give up", "start new", "give up"], [])
        library.controller.undelete()
        assert (one.calls.of("open"), await titles(one)) == ([one.current.id], ["first"])
        library.controller.undelete()
        assert (one.calls.of("open")[1:], await titles(one)) == ([other.id], ["first", "second"])
        assert library.controller.disabled_reason("undelete")


async def test_one_that_another_prx_goes_on_with_is_back_by_itself() -> None:
    async with bench(words("one")) as one:
        library = Library(one)
        await one.say("first")
        library.controller.delete(one.current.id)
        library.controller.restored_elsewhere("another")
        library.controller.restored_elsewhere(one.current.id)
        await one.work.done()
        assert library.controller.disabled_reason("undelete")
        assert "list changed" in one.calls.names


async def test_up_goes_on_into_the_prompts_of_other_chats_and_what_was_not_sent() -> None:
    async with bench(words("one")) as one:
        library = Library(one)
        await one.say("first")
        library.controller.keep_unsent("given up")
        await library.controller.read_earlier()
        assert sorted(library.earlier) == ["first", "given up"]


def files_in(folder: Path, pattern: str) -> list[str]:
    return sorted(file.name for file in folder.glob(pattern))


async def titles(one: Bench) -> list[str]:
    return sorted(chat.title for chat in await stored(one.store.chats()))
