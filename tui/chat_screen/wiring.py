"""Build the parts of the chat screen and connect them. Only this module knows all of them.

Make each unit, with the ports that connect it to others, and import what the first paint can do without, on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from tui.chat.forecast import NO_DRAFT
from tui.chat_screen.availability import ChatAvailability
from tui.chat_screen.background import BackgroundChats
from tui.chat_screen.context import ChatContext, Options, Workers
from tui.chat_screen.controllers.attachments import AttachmentController, AttachmentPorts
from tui.chat_screen.controllers.costs import CostController, CostPorts, Layout
from tui.chat_screen.controllers.generation import GenerationPorts, GenerationSettings
from tui.chat_screen.controllers.permissions import PermissionController, PermissionPorts
from tui.chat_screen.controllers.sessions import SessionManager, SessionPorts
from tui.chat_screen.dispatch import Dispatcher
from tui.chat_screen.display import ChatWidgets, Contributions, Display
from tui.chat_screen.hints import BasicHints, HintLine, key_of
from tui.chat_screen.session import ChatSession
from tui.engine import Engine
from tui.services.ports import Library, Provider

if TYPE_CHECKING:
    from tui.chat_screen.chat_list import LibraryDialogs
    from tui.chat_screen.controllers.auth import AuthController
    from tui.chat_screen.controllers.branches import BranchController
    from tui.chat_screen.controllers.budget import BudgetGuard
    from tui.chat_screen.controllers.compaction import CompactionController
    from tui.chat_screen.controllers.library import LibraryController
    from tui.chat_screen.controllers.start_up import StartUp
    from tui.chat_screen.controllers.sync import SessionSync
    from tui.chat_screen.controllers.titles import TitleController
    from tui.chat_screen.controllers.turns import TurnController
    from tui.chat_screen.dialogs import Dialogs
    from tui.chat_screen.pipeline import Pipeline
    from tui.chat_screen.presenter import Presenter
    from tui.chat_screen.questions import QuestionCards
    from tui.chat_screen.reading import Reading


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
        started: Callable[[], object],
    ) -> None:
        """`signed_in` is called once another credential is in use, `started` once what is to be seen first is there."""
        self._screen = screen
        self._started = started
        self._widgets = widgets
        self._options = options
        self._signed_in = signed_in
        self.context = ChatContext(
            provider=provider,
            engine=engine,
            library=library,
            current=lambda: self.sessions.current,
            key_of=partial(key_of, remapped=options.keys),
            notify=widgets.prompt.say,
            run=Workers(screen.run_worker, widgets.prompt.say),
            post=screen.call_later,
        )
        provider.warn = partial(self._post, self.display.warn)
        library.trouble = partial(self._post, self.display.show_trouble)
        library.changed = partial(self._post, self._changed_elsewhere)
        library.restored = partial(self._post, lambda chat_id: self.library.restored_elsewhere(chat_id))

    # From a prompt to a request, and from events to those who want them

    @cached_property
    def pipeline(self) -> Pipeline:
        from tui.chat_screen.pipeline import Pipeline
        from tui.chat_screen.steps import steps_of

        units = self.compaction, self.budget, self.branches, self.generation
        return Pipeline(steps_of(self.context, self.sessions, self.presenter, *units))

    @cached_property
    def dispatcher(self) -> Dispatcher:
        return Dispatcher(
            (
                self.presenter.take,
                self.branches.take,
                self.compaction.take,
                self.background.take,
                self.sync.take,
                self.costs.take,
                self.titles.take,
                self.permissions.take,
            )
        )

    # Chats

    @cached_property
    def sessions(self) -> SessionManager:
        ports = SessionPorts(
            show=self._show_session,
            painted=lambda: self.display.painted(),
            complete=lambda *missing: self.display.complete_session(*missing),
            snapshot=lambda session: self.display.snapshot(session),
            restore=lambda place, keeps: self.display.restore(place, keeps, adds=not self.sessions.is_ready),
            show_message=lambda index, words: self.reading.show_message(index, words),
            take_choices=lambda chat: self.generation.restore(chat),
            replay=lambda session: self.presenter.replay(session),
        )
        return SessionManager(self.context, ports, self._wake, self.background)

    @cached_property
    def background(self) -> BackgroundChats:
        return BackgroundChats(self.context, lambda session: self.turns.go_on(session), self._background_changed)

    @cached_property
    def start_up(self) -> StartUp:
        from tui.chat_screen.controllers.start_up import StartUp, StartUpPorts

        sessions = self.sessions
        ports = StartUpPorts(
            open_store=sessions.open_store,
            prepare=sessions.prepare,
            open_chat=sessions.open_chat,
            open_draft=sessions.open_draft,
            has_not_begun=sessions.has_not_begun,
            use_tools=sessions.use_tools,
            has_waiting=lambda: sessions.has_waiting,
            started=sessions.started,
        )
        return StartUp(self.context, ports, self._options.start)

    @cached_property
    def library(self) -> LibraryController:
        from tui.chat_screen.controllers.library import LibraryController, LibraryPorts

        ports = LibraryPorts(
            dialogs=self.library_dialogs,
            show_title=self.display.show_title,
            start_new=self.start_new,
            give_up=self.background.give_up,
            open=self.open,
            remember_earlier=self._widgets.prompt.remember_earlier,
        )
        return LibraryController(self.context, ports)

    @cached_property
    def sync(self) -> SessionSync:
        from tui.chat_screen.controllers.sync import SessionSync, SyncPorts

        ports = SyncPorts(
            transcript=self._widgets.conversation,
            remember=self._widgets.prompt.remember,
            show_header=self.display.show_header,
            show_figures=self.display.show_figures,
            show_hints=self.display.show_hints,
            is_attached=lambda: self._screen.is_attached,
        )
        return SessionSync(self.context, ports)

    @cached_property
    def branches(self) -> BranchController:
        from tui.chat_screen.controllers.branches import BranchController, BranchPorts

        ports = BranchPorts(
            transcript=self._widgets.conversation,
            prompt=self._widgets.prompt,
            read_branch=self.sessions.read_branch,
            open_chat=self.sessions.open_chat,
            submit=lambda submission: self.pipeline.submit(submission),
            save=self.sessions.save_position,
            show_hints=self.display.show_hints,
        )
        return BranchController(self.context, ports)

    @cached_property
    def compaction(self) -> CompactionController:
        from tui.chat_screen.steps import compaction_of

        conversation, others = self._widgets.conversation, (self.sessions, self.presenter, self.costs)
        ways = lambda: self.dialogs, lambda submission: self.pipeline.submit(submission)
        return compaction_of(self.context, *others, conversation, *ways)

    @cached_property
    def titles(self) -> TitleController:
        from tui.chat_screen.controllers.titles import TitleController

        return TitleController(self.context, self.display.show_title)

    @cached_property
    def turns(self) -> TurnController:
        from tui.chat_screen.controllers.turns import TurnController, TurnPorts

        prompt, conversation = self._widgets.prompt, self._widgets.conversation
        asked = lambda: prompt.last_sent, lambda: conversation.transcript.can_retry
        ports = TurnPorts(lambda sent: self.pipeline.submit(sent), prompt, *asked, self.display.show_queue)
        return TurnController(self.context, ports)

    @cached_property
    def generation(self) -> GenerationSettings:
        ports = GenerationPorts(
            dialogs=lambda: self.dialogs,
            show_model=lambda: self.display.show_choices(),
            warmth=self.costs.warmth,
            start_new=self.start_new,
            is_started=lambda: self.sessions.is_started,
            remember_folder=lambda session: self.permissions.remember_folder(session),
        )
        return GenerationSettings(self.context, ports, keeps_model=self._options.start.own_model)

    @cached_property
    def attachments(self) -> AttachmentController:
        prompt = self._widgets.prompt
        ports = AttachmentPorts(
            attach_files=prompt.attachments.attach_files,
            put=prompt.put,
            send=prompt.action_send,
            send_when_ready=prompt.send_when_ready,
            after_refresh=self._screen.call_after_refresh,
            draft=self._widgets.draft,
            coming=self.costs.coming,
            open_dialog=lambda *ports: self.dialogs.open_attach(*ports),
        )
        return AttachmentController(self.context, ports, self._options.attach, self._options.last_folder)

    @cached_property
    def costs(self) -> CostController:
        screen, widgets = self._screen, self._widgets
        ports = CostPorts(
            note=widgets.conversation.note,
            draft=lambda: NO_DRAFT if widgets.prompt.holds_command else widgets.draft(),
            show_warmth=lambda text, is_warm: self.display.show_warmth(text, is_warm),
            show_hints=lambda: self.display.show_hints(),
            refresh_hints=lambda: self.display.refresh_hints(),
            set_timer=screen.set_timer,
            layout=lambda: Layout(
                width=screen.size.width,
                rows=widgets.conversation.size.height,
                is_still=screen.app.animation_level == "none",
                is_reading=screen.focused is widgets.conversation,
            ),
            open_map=lambda **standing: self.dialogs.open_map(**standing),
        )
        return CostController(self.context, ports)

    @cached_property
    def budget(self) -> BudgetGuard:
        from tui.chat_screen.controllers.budget import BudgetGuard, BudgetPorts

        ports = BudgetPorts(
            coming=self.costs.coming,
            ask=self.dialogs.ask_limits,
            give_back=self.presenter.give_back,
            show_queue=self.display.show_queue,
            save=self.sessions.save_position,
        )
        return BudgetGuard(self.context, ports, self._options.budget)

    @cached_property
    def permissions(self) -> PermissionController:
        ports = PermissionPorts(
            cards=lambda: self.cards,
            note=self._widgets.conversation.note,
            show_hints=lambda: self.display.show_hints(),
            show_model=lambda: self.display.show_choices(),
            use_tools=self.sessions.use_tools,
            written_anew=self.generation.written_anew,
            pick_server=lambda *ports: self.dialogs.pick_server(*ports),
        )
        return PermissionController(self.context, ports, self._options.known_folders)

    @cached_property
    def auth(self) -> AuthController:
        from tui.chat_screen.controllers.auth import AuthController, AuthPorts

        ports = AuthPorts(
            ask_key=self.dialogs.ask_key,
            agree=self.dialogs.ask_login,
            start_new=self.start_new,
            show_account=self.presenter.show_account,
            signed_in=self._signed_in,
        )
        return AuthController(self.context, ports)

    # The screen

    @cached_property
    def availability(self) -> ChatAvailability:
        return ChatAvailability(partial(getattr, self))

    @cached_property
    def display(self) -> Display:
        conversation, provider = self._widgets.conversation, self.context.provider
        # Not `has_focus`, which a widget learns a little later than the one that has the focus now.
        reading = lambda: self._screen.focused is conversation  # noqa: E731
        basic = BasicHints(self.context.key_of, lambda: self.sessions.current.running, reading)
        offers = lambda: self.compaction.hints() if self.sessions.current.has_begun else ()  # noqa: E731
        editing = lambda: self.branches.hints() if self.sessions.current.editing is not None else ()  # noqa: E731
        contributions = Contributions(
            hints=HintLine(
                (editing, self.permissions.hints, basic, self.costs.hints, offers), self.availability.is_key_enabled
            ),
            header_marks=(
                lambda: self.sessions.current.sync.mark,
                lambda: "demo · scripted answers" if provider.is_demo else "",
            ),
            header_settings=(self.permissions.header,),
            header_elsewhere=self.background.elsewhere,
            welcome=(self.permissions.welcome,),
            figures_shown=self.costs.show_warmth,
            model_shown=self.costs.model_changed,
            save_position=self.sessions.save_position,
        )
        return Display(
            self._screen, self._widgets, provider, self.context.current, contributions, self._options.notices
        )

    @cached_property
    def presenter(self) -> Presenter:
        from tui.chat_screen.presenter import Presenter

        return Presenter(self.context, self._widgets, self.display, self.turns.go_on)

    @cached_property
    def reading(self) -> Reading:
        from tui.chat_screen.reading import Reading

        return Reading(self.context, self._screen, self._widgets, self.dialogs)

    @cached_property
    def cards(self) -> QuestionCards:
        from tui.chat_screen.questions import QuestionCards

        return QuestionCards(self._screen, self._widgets, self.context.key_of)

    @cached_property
    def dialogs(self) -> Dialogs:
        from tui.chat_screen.dialogs import Dialogs

        gallery, focus = self._widgets.conversation.gallery, self._widgets.prompt.focus
        return Dialogs(self._screen, self.context.provider, gallery, self.costs.switches, focus)

    @cached_property
    def library_dialogs(self) -> LibraryDialogs:
        from tui.chat_screen.chat_list import LibraryDialogs

        ports = self._widgets.prompt, self.open, lambda: self.library, self.context.library.now
        return LibraryDialogs(self.dialogs, self.sessions, self.background, *ports)

    # What the ports of several units share

    def start_new(self) -> None:
        """Show a new chat, with the preset of new chats."""
        self.sessions.start_new(self.generation.reset_preset)

    def open(self, chat_id: str, message_id: str = "", words: Sequence[str] = ()) -> None:
        """Show a chat, at a message with marked words if one is named."""
        self._widgets.prompt.focus()
        self.sessions.open(chat_id, message_id, words)

    async def start(self, prompt: str) -> None:
        """Open the store, and restore what was asked for. `prompt` is what the program was started with."""
        await self.start_up.start(bool(prompt))
        self.display.show_title()
        self._started()
        if self._options.start.is_list:
            self.library.open_list()
        await self.library.read_earlier()

    def _post(self, do: Callable[[Any], None], argument: Any) -> None:
        self.context.post(partial(do, argument))

    def _wake(self, session: ChatSession) -> None:
        # On the engine's thread: posting is all that may be done from there.
        self.context.post(partial(self.dispatcher.collect, session))

    def _show_session(self, session: ChatSession, siblings: Sequence[str]) -> None:
        self.reading.end_find()
        self.display.show_session(session, siblings)
        self.permissions.show_questions()

    def _background_changed(self) -> None:
        self.display.show_elsewhere()
        self.dialogs.list_changed()

    def _changed_elsewhere(self, chat_id: str) -> None:
        self.sessions.when_whole(partial(self.sync.changed_elsewhere, chat_id))
