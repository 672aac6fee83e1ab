"""Opens the dialogs over the chat. Each is imported when it is first opened: none is needed for the first paint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from tui.chat.exchange import Exchange
from tui.chat.forecast import ModelSwitch
from tui.chat.model import Model
from tui.chat.reasoning import Kind, Option, Reasoning
from tui.chat.transcript import Image
from tui.render import figures
from tui.services.ports import Provider, ToolServer

if TYPE_CHECKING:
    from tui.chat.budget import ExceededLimit
    from tui.screens.api_key import ApiKeyDialog
    from tui.screens.chats import ChatListPort
    from tui.store import Store
    from tui.widgets.gallery import Gallery

Answered = Callable[[Any], None]


class Dialogs:
    def __init__(
        self,
        screen: Screen[None],
        provider: Provider,
        gallery: Gallery,
        switches: Callable[[], Sequence[ModelSwitch]],
        refocus: Callable[[], object],
    ) -> None:
        """`switches` returns what going on with each model would cost; `refocus` gives the focus to the prompt."""
        self._screen = screen
        self._provider = provider
        self._gallery = gallery
        self._switches = switches
        self._refocus = refocus

    def _push(self, dialog: Screen[Any], picked: Answered | None = None) -> None:
        """Open a dialog; `picked` gets what it returns, unless that is None."""

        def closed(result: Any) -> None:
            if result is not None and picked is not None:
                picked(result)

        self._screen.app.push_screen(dialog, closed)

    async def ask(self, title: str, text: str, *, yes: str, no: str) -> bool | None:
        from tui.screens.dialogs import ConfirmDialog

        return await self._screen.app.push_screen_wait(ConfirmDialog(title, text, yes=yes, no=no))

    # Settings

    def pick_model(
        self, models: Sequence[Model], model: Model, reasoning: Reasoning, picked: Callable[[Model], None]
    ) -> None:
        from tui.screens.models import ModelPicker

        self._push(ModelPicker(models, model, self._switches(), reasoning), picked)

    def pick_reasoning(
        self,
        model_name: str,
        rows: Sequence[Option],
        meaning: Callable[[Option], tuple[str, str]],
        at: Kind,
        picked: Callable[[Option], None],
    ) -> None:
        from tui.screens.reasoning import ReasoningPicker

        self._push(ReasoningPicker(model_name, rows, meaning, at=at), picked)

    def edit_system(self, text: str, cost: str, edited: Callable[[str], None]) -> None:
        from tui.screens.system_prompt import SystemPromptEditor

        self._push(SystemPromptEditor(text, cost), edited)

    def pick_preset(self, presets: Mapping[str, str], preset: str, picked: Callable[[str], None]) -> None:
        from tui.screens.presets import PresetPicker

        self._push(PresetPicker(presets, preset), picked)

    def pick_server(
        self,
        servers: Callable[[], Sequence[ToolServer]],
        adding: Callable[[], tuple[str, str]],
        add: Callable[[], None],
        restart: Callable[[str], None],
    ) -> None:
        from tui.screens.servers import ADD, ServerPicker

        self._push(ServerPicker(servers, adding), lambda name: add() if name == ADD else restart(name))

    # Costs

    def open_map(self, **state: Any) -> None:
        from tui.screens.cache_map import CacheMapState, CacheScreen

        self._push(CacheScreen(self._provider, CacheMapState(**state)))

    async def ask_limits(self, passed: tuple[ExceededLimit, ...]) -> bool | None:
        """Ask whether these limits may be passed. A hard one takes a key that nobody presses by accident."""
        from tui.screens.dialogs import ConfirmDialog

        text = "\n".join(map(str, passed))
        hard = [one for one in passed if one.level == "hard"]
        whose = " and ".join("this chat" if one.scope == "chat" else "today" for one in hard or passed)
        if hard:
            raised = " and ".join(figures.money(one.raised_usd) for one in hard)
            title, key, yes = f"Raise the limit of {whose}?", "ctrl+r", f"raise to {raised} and send"
        else:
            title, key, yes = f"Exceed the soft limit of {whose}?", "enter", "send"
        question = ConfirmDialog(title, text, key=key, yes=yes, no="cancel")
        return await self._screen.app.push_screen_wait(question)

    # The library

    def open_list(self, store: Store, port: ChatListPort, words: str, now: Callable[[], float]) -> None:
        from tui.screens.chats import ChatList

        provider = self._provider
        chats = ChatList(store, provider.name_of, port, typed=words, is_temporary=provider.is_demo, now=now)
        self._push(chats)

    def list_changed(self) -> None:
        """Have the list of chats read again, if it is open."""
        from tui.screens.chats import ChatList

        if isinstance(screen := self._screen.app.screen, ChatList):
            screen.refresh_chats()

    def notify_list(self, text: str) -> None:
        """Show a message in the list of chats, if it is open."""
        from tui.screens.chats import ChatList

        if isinstance(screen := self._screen.app.screen, ChatList):
            screen.show_notice(text)

    def ask_title(self, title: str, named: Callable[[str], None]) -> None:
        from tui.screens.rename import RenameDialog

        self._push(RenameDialog(title), lambda text: named(text) if text else None)

    def pick_prompt(self, store: Store, words: str, closed: Callable[[str | None], None]) -> None:
        from tui.screens.prompts import PromptPicker

        self._screen.app.push_screen(PromptPicker(store, words), closed)

    # Attachments and images

    def open_attach(
        self,
        first_folder: Callable[[], Path],
        cost: Callable[[int], str],
        is_many: Callable[[int], bool],
        closed: Callable[[Path | None, Sequence[Path], int | None], None],
    ) -> None:
        from tui.screens.attach import AttachScreen, Picked

        dialog = AttachScreen(first_folder, self._provider.model, cost, is_many, gallery=self._gallery)

        def left(picked: Picked | None) -> None:
            files, long_edge = (picked.files, picked.long_edge) if picked is not None else ((), None)
            closed(dialog.left_in, files, long_edge)
            self._refocus()

        self._screen.app.push_screen(dialog, left)

    def open_picture(self, images: Sequence[Image], number: int) -> None:
        from tui.screens.picture import PictureScreen

        self._push(PictureScreen(images, number, self._gallery))

    # The account, the last request, the end

    def ask_key(
        self,
        check: Any,
        keep: Callable[[str], str],
        login: Callable[[], None],
        kept: Callable[[str], None],
    ) -> None:
        from tui.screens.api_key import LOGIN, ApiKeyDialog

        panel: ApiKeyDialog = ApiKeyDialog(check, keep)
        self._push(panel, lambda result: login() if result == LOGIN else kept(result))

    async def ask_login(self, description: str, terms: str) -> bool | None:
        return await self.ask(f"Claude Code's login: {description}", terms, yes="agree and use", no="cancel")

    def inspect(self, exchange: Exchange) -> None:
        from tui.screens.request_inspector import Inspector

        self._push(Inspector(exchange))

    def ask_to_quit(self, *, also_yes: str) -> None:
        from tui.screens.dialogs import ConfirmDialog

        forgets, keeps = "The demo deletes its chats when it ends.", "Chats and drafts are saved."
        text = forgets if self._provider.is_demo else keeps

        async def answered(agreed: bool | None) -> None:
            if agreed:
                await self._screen.app.action_quit()

        self._screen.app.push_screen(ConfirmDialog("Quit?", text, yes="quit", no="cancel", also_yes=also_yes), answered)
