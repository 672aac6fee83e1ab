"""Builds the parts of the chat screen and connects them. It alone knows all of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from tui.chat.budget import Budget
from tui.chat.forecast import NO_DRAFT
from tui.chat.transcript import Draft
from tui.chat_screen.actions import chat_actions
from tui.chat_screen.chat_list import LibraryDialogs
from tui.chat_screen.context import ChatContext, StartOptions
from tui.chat_screen.controllers.attachments import AttachmentController, AttachmentPorts, LastFolder
from tui.chat_screen.controllers.auth import AuthController, AuthPorts
from tui.chat_screen.controllers.branches import BranchController, BranchPorts
from tui.chat_screen.controllers.budget import BudgetGuard, BudgetPorts
from tui.chat_screen.controllers.costs import CostController, CostPorts, Layout
from tui.chat_screen.controllers.generation import GenerationPorts, GenerationSettings
from tui.chat_screen.controllers.library import LibraryController, LibraryPorts
from tui.chat_screen.controllers.permissions import KnownFolders, PermissionController, PermissionPorts
from tui.chat_screen.controllers.sessions import SessionManager, SessionPorts
from tui.chat_screen.controllers.start_up import StartUp, StartUpPorts
from tui.chat_screen.controllers.sync import SessionSync, SyncPorts
from tui.chat_screen.controllers.titles import TitleController
from tui.chat_screen.controllers.turns import TurnController, TurnPorts
from tui.chat_screen.dialogs import Dialogs
from tui.chat_screen.dispatch import Dispatcher
from tui.chat_screen.display import ChatWidgets, Contributions, Display
from tui.chat_screen.hints import BasicHints, HintLine, key_of
from tui.chat_screen.pipeline import Pipeline, QueueWhileRunning, Send, Submission, WaitUntilReady
from tui.chat_screen.presenter import Presenter
from tui.chat_screen.questions import QuestionCards
from tui.chat_screen.reading import Reading
from tui.chat_screen.session import ChatSession
from tui.engine import Engine
from tui.services.ports import Library, Provider
from tui.widgets.workers import later

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Options:
    """What the app hands in beside the services."""

    start: StartOptions = field(default_factory=StartOptions)
    notices: Sequence[str] = ()
    """Shown above an empty chat."""
    prompt: str = ""
    """Sent at once."""
    attach: Sequence[Path] = ()
    """Files for the first prompt."""
    last_folder: LastFolder | None = None
    known_folders: KnownFolders | None = None
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The keys of actions that the user remapped."""
    budget: Budget = field(default_factory=Budget)


class Parts:
    """The parts of one chat screen."""

    def __init__(
        self,
        screen: Screen[None],
        widgets: ChatWidgets,
        provider: Provider,
        engine: Engine,
        library: Library,
        options: Options,
        signed_in: Callable[[], object],
    ) -> None:
        """`signed_in` is called once another credential is in use."""
        self._screen = screen
        self._widgets = widgets
        self.context = context = ChatContext(
            provider=provider,
            engine=engine,
            library=library,
            current=lambda: self.sessions.current,
            key_of=partial(key_of, remapped=options.keys),
            notify=widgets.prompt.say,
            run=self._run,
            post=screen.call_later,
        )
        self.dialogs = dialogs = Dialogs(screen, provider)
        dialogs.gallery = lambda: widgets.conversation.gallery
        dialogs.switches = lambda: self.costs.switches()
        self.reading = Reading(context, screen, widgets, dialogs)
        self.cards = QuestionCards(screen, widgets, context.key_of)

        self.costs = CostController(context, self._cost_ports())
        self.sessions = SessionManager(context, self._session_ports(), self._wake)
        self.generation = GenerationSettings(
            context,
            GenerationPorts(
                dialogs=dialogs,
                show_model=self._show_model,
                warmth=self.costs.warmth,
                start_new=self.start_new,
                is_started=lambda: self.sessions.is_started,
                remember_folder=lambda session: self.permissions.remember_folder(session),
            ),
            keeps_model=options.start.own_model,
        )
        self.permissions = PermissionController(
            context,
            PermissionPorts(
                cards=self.cards,
                note=widgets.conversation.note,
                show_hints=self._show_hints,
                show_model=self._show_model,
                use_tools=self.sessions.use_tools,
                written_anew=self.generation.written_anew,
                pick_server=dialogs.pick_server,
            ),
            options.known_folders,
        )
        self.branches = BranchController(context, self._branch_ports())
        self.turns = TurnController(
            context,
            TurnPorts(
                submit=self._submit,
                prompt=lambda: widgets.prompt,
                last_sent=lambda: widgets.prompt.last_sent,
                show_queue=self._show_queue,
            ),
        )
        self.attachments = AttachmentController(
            context,
            AttachmentPorts(
                attach_files=widgets.prompt.attachments.attach_files,
                put=widgets.prompt.put,
                send=widgets.prompt.action_send,
                send_when_ready=widgets.prompt.send_when_ready,
                after_refresh=screen.call_after_refresh,
                draft=self.draft,
                coming=self.costs.coming,
                open_dialog=self._open_attach,
            ),
            files=options.attach,
            last_folder=options.last_folder,
        )
        self.library = LibraryController(
            context,
            LibraryPorts(
                dialogs=LibraryDialogs(self, widgets.prompt),
                show_title=self._show_title,
                start_new=self.start_new,
                give_up=self.sessions.give_up,
                open=self.open,
                remember_earlier=widgets.prompt.remember_earlier,
            ),
        )
        self.start_up = StartUp(context, self._start_up_ports(), options.start)
        self.sync = SessionSync(context, self._sync_ports())
        self.titles = TitleController(context, self._show_title)
        self.display = Display(
            screen, widgets, provider, context.current, self._contributions(options), options.notices
        )
        self.presenter = Presenter(context, widgets, self.display, self.turns.go_on)
        self.auth = AuthController(
            context,
            AuthPorts(
                ask_key=dialogs.ask_key,
                agree=dialogs.ask_login,
                start_new=self.start_new,
                show_account=self.presenter.show_account,
                signed_in=signed_in,
            ),
        )
        self.budget = BudgetGuard(
            context,
            BudgetPorts(
                coming=self.costs.coming,
                ask=dialogs.ask_limits,
                give_back=self.presenter.give_back,
                show_queue=self.display.show_queue,
                save=self.sessions.save_position,
            ),
            options.budget,
        )
        self.pipeline = Pipeline(
            (
                WaitUntilReady(lambda: self.sessions.is_ready, self.sessions.when_ready, context.current),
                QueueWhileRunning(self.presenter.queued),
                self.budget,
                self.branches.branch_from_edit,
                self.generation.record_model,
                Send(self.presenter.sent),
            )
        )
        self.dispatcher = Dispatcher(
            (
                self.presenter.take,
                self.branches.take,
                self.sessions.take,
                self.sync.take,
                self.costs.take,
                self.titles.take,
                self.permissions.take,
            )
        )
        self.actions = chat_actions(self)

        provider.warn = partial(self._post, self.display.warn)
        library.trouble = partial(self._post, self.display.show_trouble)
        library.changed = partial(self._post, self._changed_elsewhere)

    # What the ports of several units share

    def draft(self) -> Draft:
        """Return what is being written, as it would be sent."""
        prompt = self._widgets.prompt
        return Draft(text=prompt.full_text, attachments=prompt.attachments.blocks)

    def _run(
        self, work: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any, group: str = "", exclusive: bool = False
    ) -> None:
        self._screen.run_worker(later(work, *arguments), group=group or "default", exclusive=exclusive)

    def _post(self, do: Callable[[Any], None], argument: Any) -> None:
        self.context.post(partial(do, argument))

    def _wake(self, session: ChatSession) -> None:
        # On the engine's thread: posting is all that may be done from there.
        self.context.post(partial(self.dispatcher.collect, session))

    def _submit(self, submission: Submission) -> None:
        self.pipeline.submit(submission)

    def _show_hints(self) -> None:
        self.display.show_hints()

    def _show_queue(self) -> None:
        self.display.show_queue()

    def _show_title(self) -> None:
        self.display.show_title()

    def _show_model(self) -> None:
        self.display.show_model()
        self.display.show_welcome()

    def _changed_elsewhere(self, chat_id: str) -> None:
        self.library.changed_elsewhere(chat_id)
        self.sync.changed_elsewhere(chat_id)

    # The ports of each unit

    def _cost_ports(self) -> CostPorts:
        screen, widgets = self._screen, self._widgets
        return CostPorts(
            note=widgets.conversation.note,
            draft=lambda: NO_DRAFT if widgets.prompt.holds_command else self.draft(),
            show_warmth=lambda text, is_warm: self.display.show_warmth(text, is_warm),
            show_hints=self._show_hints,
            refresh_hints=lambda: self.display.refresh_hints(),
            set_timer=screen.set_timer,
            layout=lambda: Layout(
                width=screen.size.width,
                rows=widgets.conversation.size.height,
                is_still=screen.app.animation_level == "none",
                is_reading=widgets.conversation.has_focus,
            ),
            open_map=self.dialogs.open_map,
        )

    def _session_ports(self) -> SessionPorts:
        return SessionPorts(
            show=self._show_session,
            snapshot=lambda session: self.display.snapshot(session),
            restore=lambda place, keeps: self.display.restore(place, keeps, adds=not self.sessions.is_started),
            show_message=self.reading.show_message,
            take_choices=lambda chat: self.generation.restore(chat),
            replay=lambda session: self.presenter.replay(session),
            go_on=lambda session: self.turns.go_on(session),
            changed=self._background_changed,
        )

    def _start_up_ports(self) -> StartUpPorts:
        sessions = self.sessions
        return StartUpPorts(
            open_store=sessions.open_store,
            open_chat=sessions.open_chat,
            open_draft=sessions.open_draft,
            has_not_begun=sessions.has_not_begun,
            use_tools=sessions.use_tools,
            has_waiting=lambda: sessions.has_waiting,
            started=sessions.started,
            open_list=self.library.open_list,
        )

    def _branch_ports(self) -> BranchPorts:
        return BranchPorts(
            transcript=lambda: self._widgets.conversation,
            prompt=lambda: self._widgets.prompt,
            read_branch=self.sessions.read_branch,
            open_chat=self.sessions.open_chat,
            submit=self._submit,
            save=self.sessions.save_position,
            refresh=self._show_hints,
        )

    def _sync_ports(self) -> SyncPorts:
        return SyncPorts(
            transcript=lambda: self._widgets.conversation,
            remember=self._widgets.prompt.remember,
            show_header=self._show_header,
            show_figures=lambda: self.display.show_figures(),
            show_hints=self._show_hints,
            is_attached=lambda: self._screen.is_attached,
        )

    def _contributions(self, options: Options) -> Contributions:
        conversation, provider = self._widgets.conversation, self.context.provider
        basic = BasicHints(self.context.key_of, lambda: self.sessions.current.running, lambda: conversation.has_focus)
        return Contributions(
            hints=HintLine(
                (self.branches.hints, self.permissions.hints, basic, self.costs.hints), self.disabled_reason
            ),
            header_marks=(self.sync.mark, lambda: "demo · scripted answers" if provider.is_demo else ""),
            header_settings=(self.permissions.header,),
            header_elsewhere=self.sessions.elsewhere,
            welcome=(self.permissions.welcome,),
            figures_shown=self.costs.show_warmth,
            model_shown=self.costs.model_changed,
            save_position=self.sessions.save_position,
        )

    # Chats

    def start_new(self) -> None:
        """Show a new chat, with the preset of new chats."""
        self.generation.reset_preset()
        self.sessions.start_new()

    def open(self, chat_id: str, message_id: str = "", words: Sequence[str] = ()) -> None:
        """Show a chat, at a message with marked words if one is named."""
        self._run(self._open, chat_id, message_id, words, group="branch", exclusive=True)

    async def _open(self, chat_id: str, message_id: str, words: Sequence[str]) -> None:
        await self.sessions.open(chat_id, message_id, words)
        self._widgets.prompt.focus()

    def open_next(self) -> None:
        """Show the chat that asks or was answered in the background."""
        sessions = self.sessions
        for chat_id in (*(sessions.asking - {sessions.current.id}), *sessions.unread):
            self.open(chat_id)
            return

    async def start(self, prompt: str) -> None:
        """Open the store, and restore what was asked for. `prompt` is what the program was started with."""
        await self.start_up.start(bool(prompt))
        await self.library.read_earlier()

    def _show_session(self, session: ChatSession, siblings: Sequence[str]) -> None:
        self.reading.end_find()
        self.display.show_session(session, siblings)
        self.cards.ask(session.questions)

    def _show_header(self) -> None:
        self.display.show_title()
        self.display.show_model()

    def _background_changed(self) -> None:
        self.display.show_elsewhere()
        self.dialogs.list_changed()

    def _open_attach(
        self,
        first_folder: Callable[[], Path],
        cost: Callable[[int], str],
        is_many: Callable[[int], bool],
        closed: Callable[[Path | None, Sequence[Path], int | None], None],
    ) -> None:
        def left(folder: Path | None, files: Sequence[Path], long_edge: int | None) -> None:
            closed(folder, files, long_edge)
            self._widgets.prompt.focus()

        self.dialogs.open_attach(first_folder, cost, is_many, left)

    # Actions

    def disabled_reason(self, name: str) -> str:
        """Return why an action cannot be done now, or ""."""
        return ""
