"""The settings of the next request: model, thinking, effort, system prompt, preset. All but the model belong to the chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec.structs import replace

from tui.chat.cache_state import CacheState
from tui.chat.forecast import cached_messages_loss
from tui.chat.ledger import Usage, bill
from tui.chat.model import Model
from tui.chat.reasoning import (
    Kind,
    Option,
    Reasoning,
    average_thinking_tokens,
    change_loss,
    describe_adjustments,
    describe_choice,
    effective,
    options,
    parse_reasoning,
    with_choice,
)
from tui.chat_screen.context import ANSWER_RUNS, ChatContext
from tui.chat_screen.pipeline import Proceed, Submission
from tui.chat_screen.session import ChatSession, tokens_of
from tui.errors import TuiError
from tui.render import figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.store import Chat


class GenerationDialogs(Protocol):
    """The pickers for settings. Each calls back with what was picked."""

    def pick_model(
        self, models: Sequence[Model], model: Model, reasoning: Reasoning, picked: Callable[[Model], None]
    ) -> None: ...

    def pick_reasoning(
        self,
        model_name: str,
        rows: Sequence[Option],
        meaning: Callable[[Option], tuple[str, str]],
        at: Kind,
        picked: Callable[[Option], None],
    ) -> None: ...

    def edit_system(self, text: str, cost: str, edited: Callable[[str], None]) -> None: ...

    def pick_preset(self, presets: Mapping[str, str], preset: str, picked: Callable[[str], None]) -> None: ...


class GenerationPorts(msgspec.Struct, frozen=True):
    dialogs: Callable[[], GenerationDialogs]
    show_model: Callable[[], None]
    """Shows the header, the figures and the welcome anew."""
    warmth: Callable[[], CacheState]
    """What the next request finds of the chat on view in the cache."""
    start_new: Callable[[], None]
    """Shows a new chat."""
    is_started: Callable[[], bool]
    """Whether the store is open, and what was to be restored is on view."""
    remember_folder: Callable[[ChatSession], None]


class GenerationSettings:
    def __init__(self, context: ChatContext, ports: GenerationPorts, *, keeps_model: bool = False) -> None:
        """`keeps_model`: a model or preset was named at the start, which goes before that of the chat that is restored."""
        self._context = context
        self._ports = ports
        self._keeps_model = keeps_model
        self._preset_for_new = context.provider.preset
        """The preset of new chats; one that is opened has its own."""

    # The settings of a chat

    def restore(self, chat: Chat) -> None:
        """Go on with the settings of a chat, as far as the configuration still has them."""
        provider = self._context.provider
        keeps = self._keeps_model and not self._ports.is_started()
        if not keeps:
            with suppress(TuiError):
                provider.use_preset(chat.preset)
            with suppress(TuiError):
                if chat.model and chat.model != provider.model.id:
                    provider.use(chat.model)
        if not (keeps and provider.preset):
            provider.reasoning = parse_reasoning(chat.thinking, chat.effort)

    def record_model(self, submission: Submission, proceed: Proceed) -> None:
        """A step of the pipeline: the store notes with which model and settings the chat goes on."""
        session, provider = submission.session, self._context.provider
        recorder = session.recorder
        if session.is_on_view and recorder is not None:
            if recorder.chat.model != provider.model.id and recorder.head is not None:
                session.store.set_model(session.id, provider.model.id)
            session.turns.offer_tools()
            recorder.chat = replace(
                recorder.chat,
                model=provider.model.id,
                system=session.transcript.system,
                tools=session.access,
                definitions=session.transcript.tools,
                preset=provider.preset,
            )
            self._record_reasoning(session)
            self._ports.remember_folder(session)
        proceed(submission)

    def _record_reasoning(self, session: ChatSession) -> None:
        """Have the chat remember thinking and effort; one that has not begun does so with its first prompt."""
        recorder = session.recorder
        if recorder is None:
            return
        chosen = self._context.provider.reasoning
        thinking, effort = chosen.thinking or "", chosen.effort or ""
        if (recorder.chat.thinking, recorder.chat.effort) != (thinking, effort):
            recorder.chat = replace(recorder.chat, thinking=thinking, effort=effort)
            if recorder.head is not None:
                session.store.set_reasoning(session.id, thinking, effort)

    # The model

    def choose_model(self, name: str = "") -> None:
        """Use the model that is named, or show all there are."""
        provider = self._context.provider
        if name:
            self._use(name)
        else:
            self._ports.dialogs().pick_model(
                provider.models(), provider.model, provider.reasoning, lambda model: self._use(model.id)
            )

    def _use(self, name: str) -> None:
        provider = self._context.provider
        try:
            notice = provider.use(name)
        except TuiError as error:
            self._context.notify(error.sentences)
            return
        self._ports.show_model()
        otherwise = describe_adjustments(provider.model, provider.reasoning)
        message = notice or f"Switched to {provider.model.name}"
        self._context.notify(f"{message} · {otherwise}" if otherwise else message)

    # Thinking and effort

    def choose_thinking(self, argument: str = "") -> None:
        self._choose("thinking", argument)

    def choose_effort(self, argument: str = "") -> None:
        self._choose("effort", argument)

    def _choose(self, kind: Kind, argument: str) -> None:
        """Use the option that is named, or show all there are."""
        provider = self._context.provider
        rows = options(provider.model, provider.reasoning)
        if not argument:
            self._ports.dialogs().pick_reasoning(provider.model.name, rows, self.meaning, kind, self._take_option)
            return
        wanted = "_".join(argument.casefold().replace("_", " ").split())
        row = next((row for row in rows if row.kind == kind and row.value == wanted), None)
        if row is None:
            known = ", ".join(row.value for row in rows if row.kind == kind and not row.refused)
            self._context.notify(f'Unknown {kind} "{argument}"' + (f" · choose {known}" if known else ""))
        elif row.refused:
            self._context.notify(f"{kind.capitalize()} {argument} is not available: {row.refused}")
        else:
            self._take_option(row)

    def _take_option(self, option: Option) -> None:
        provider = self._context.provider
        meaning = self.meaning(option)
        provider.reasoning = with_choice(provider.reasoning, option)
        self._record_reasoning(self._context.current())
        self._ports.show_model()
        now = describe_choice(provider.model, provider.reasoning) or "default thinking and effort"
        self._context.notify(f"Now: {now} · {meaning[0]}", lasting=True)

    def meaning(self, option: Option) -> tuple[str, str]:
        """Return what taking an option does to the cache, and what this chat's thinking has cost so far."""
        provider, turns = self._context.provider, self._context.current().turns
        model, chosen = provider.model, provider.reasoning
        lost = change_loss(turns.transcript, model, chosen, with_choice(chosen, option), turns.now())
        if lost.tokens:
            prices = ""
            if lost.written_usd is not None and lost.read_usd is not None:
                prices = f": {figures.money(lost.written_usd)} instead of {figures.money(lost.read_usd)}"
            effect = f"rewrites {figures.tokens(lost.tokens)} tokens{prices}"
        elif option.is_used:
            effect = "the current setting"
        elif option.kind == "effort" and "effort" in model.in_chat and effective(model, chosen).thinking == "on":
            effect = "keeps the cache: it is sent with each prompt"
        elif cached_messages_loss(turns.transcript, model, turns.now()).tokens:
            effect = "keeps the cache: the messages are cached with this setting"
        else:
            effect = "loses nothing: no message is in the cache"
        thought = average_thinking_tokens(turns.transcript, model)
        paid = bill(Usage(output_tokens=thought), model)
        cost = f", {figures.money(paid.cost_usd)}" if paid else ""
        return effect, f"thinking so far: {figures.tokens(thought)} tokens per answer{cost}" if thought else ""

    # The system prompt

    def disabled_reason(self, name: str) -> str:
        """Return why the system prompt cannot be edited now, or "". The other settings can be changed at any time."""
        session = self._context.current()
        if name != "system":
            return ""
        return ANSWER_RUNS if session.running else "" if session.has_store else "The chats are not loaded yet"

    def edit_system(self, text: str = "") -> None:
        session = self._context.current()
        if reason := self.disabled_reason("system"):
            self._context.notify(reason)
        elif text:
            self._set_system(text)
        else:
            self._ports.dialogs().edit_system(session.transcript.current.system, self.cost_of_edit(), self._set_system)

    def cost_of_edit(self) -> str:
        """Return what another system prompt does to the cache."""
        anew = self.written_anew()
        if not anew:
            return "This chat is not in the cache: an edit costs nothing extra"
        model = self._context.provider.model
        if "system" in model.in_chat:
            return "An edit keeps the cache: it is added after the messages so far"
        return f"An edit drops the cache: {model.name} takes it only at the start, so the next turn {anew}"

    def written_anew(self) -> str:
        """Return what the next turn does where the cache holds nothing any more; "" where it holds nothing now."""
        session, model = self._context.current(), self._context.provider.model
        count = tokens_of(session.transcript.messages)
        if not count or not self._ports.warmth().is_warm(session.turns.now()):
            return ""
        anew = bill(Usage(cache_creation_input_tokens=count), model)
        kept = bill(Usage(cache_read_input_tokens=count), model)
        prices = f": {figures.money(anew.cost_usd)} instead of {figures.money(kept.cost_usd)}" if anew and kept else ""
        return f"rewrites {figures.tokens(count)} tokens{prices}"

    def _set_system(self, text: str) -> None:
        session = self._context.current()
        if text == session.transcript.current.system or session.running:
            return
        cost = self.cost_of_edit()
        session.transcript = session.transcript.with_system(text)
        session.store.set_system(session.id, session.transcript.system)
        session.store.set_setup(session.id, session.transcript.changed)
        self._context.notify(f"{'System prompt saved' if text else 'System prompt removed'} · {cost}", lasting=True)

    # Presets

    def choose_preset(self, name: str = "") -> None:
        """Start a new chat with the preset that is named ("-" for none), or show all there are.

        With "here" after the name, the chat on view goes on with it.
        """
        provider = self._context.provider
        chosen, _, here = name.rpartition(" ")
        if here == "here" and chosen.strip() in provider.presets:
            self._use_preset_here(chosen.strip())
            return
        if not name:
            self._ports.dialogs().pick_preset(provider.presets, provider.preset, self.choose_preset)
            return
        try:
            provider.use_preset(name if name != "-" else "")
        except TuiError as error:
            self._context.notify(error.sentences)
            return
        self._preset_for_new = provider.preset
        self._ports.start_new()
        with_preset = f"New chat from the preset {name}, {provider.model.name}"
        self._context.notify(with_preset if name != "-" else "New chat without a preset")

    def _use_preset_here(self, name: str) -> None:
        """Go on with the model, system prompt, thinking and effort of a preset. The tools stay as they are."""
        session, provider = self._context.current(), self._context.provider
        if reason := self.disabled_reason("system"):
            self._context.notify(reason)
            return
        before = provider.model.id
        provider.use_preset(name)
        cost = self.cost_of_edit() if provider.model.id == before else ""
        if provider.preset_system is not None:
            self._set_system(provider.preset_system)
        self._record_reasoning(session)
        self._ports.show_model()
        told = f"This chat goes on with the preset {name}, {provider.model.name}"
        self._context.notify(f"{told} · {cost}" if cost else told, lasting=True)

    def reset_preset(self) -> None:
        """A new chat begins: with the preset of new chats, not with that of the chat before."""
        if self._context.provider.preset != self._preset_for_new:
            self._context.provider.use_preset(self._preset_for_new)
