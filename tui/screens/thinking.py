"""Thinking and effort of a chat: seen, chosen, and what a change of them does to the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.chat.forecast import messages_in_cache
from tui.chat.ledger import Usage, bill
from tui.chat.reasoning import Kind, Option, change, options, remembered, thought_per_answer, unusual, with_choice
from tui.render import figures
from tui.screens.attaching import AttachingScreen

if TYPE_CHECKING:
    from tui.store import Chat


class ThinkingScreen(AttachingScreen):
    # The choice belongs to the chat

    def _note_model(self) -> None:
        super()._note_model()
        self._keep_reasoning()

    def _keep_reasoning(self) -> None:
        """Has the chat remember what is chosen; one that has not begun does so with its first prompt."""
        if self.recorder is None:
            return
        chosen = self.provider.reasoning
        thinking, effort = chosen.thinking or "", chosen.effort or ""
        chat = self.recorder.chat
        if (chat.thinking, chat.effort) != (thinking, effort):
            self.recorder.chat = replace(chat, thinking=thinking, effort=effort)
            if self.recorder.head is not None:
                self.store.set_reasoning(self.chat_id, thinking, effort)

    def _take_choices(self, chat: Chat) -> None:
        super()._take_choices(chat)
        named = self._beginning.own_model and not self._is_ready
        if not (named and self.provider.preset):  # a preset that the program was started with goes before
            self.provider.reasoning = remembered(chat.thinking, chat.effort)

    # Seen and chosen

    def action_think(self, argument: str = "") -> None:
        self._choose("thinking", argument)

    def action_effort(self, argument: str = "") -> None:
        self._choose("effort", argument)

    def _choose(self, kind: Kind, argument: str) -> None:
        """Takes the option that was named, or shows all there are."""
        rows = options(self.provider.model, self.provider.reasoning)
        if argument:
            wanted = "_".join(argument.casefold().replace("_", " ").split())
            row = next((row for row in rows if row.kind == kind and row.value == wanted), None)
            if row is None:
                known = ", ".join(row.value for row in rows if row.kind == kind and not row.refused)
                self.prompt.say(f'no {kind} "{argument}"' + (f" · there is {known}" if known else ""))
            elif row.refused:
                self.prompt.say(f"{kind} {argument} is not possible: {row.refused}")
            else:
                self._take_option(row)
            return
        from tui.screens.reasoning import ReasoningPicker  # not needed for the first paint

        self.app.push_screen(ReasoningPicker(self.provider.model.name, rows, self.meaning, at=kind), self._take_option)

    def _take_option(self, option: Option | None) -> None:
        if option is None:
            return
        meaning = self.meaning(option)
        self.provider.reasoning = with_choice(self.provider.reasoning, option)
        self._keep_reasoning()
        self.show_model()
        self.show_standing()
        now = unusual(self.provider.model, self.provider.reasoning) or "thinking and effort as usual"
        self.prompt.say(f"{now} from now on · {meaning[0]}", lasting=True)

    def meaning(self, option: Option) -> tuple[str, str]:
        """What taking an option does to the cache, and what this chat's thinking has cost so far."""
        model, session = self.provider.model, self.talk.session
        chosen = self.provider.reasoning
        lost = change(session.transcript, model, chosen, with_choice(chosen, option), session.now())
        if lost.tokens:
            prices = ""
            if lost.written_usd is not None and lost.read_usd is not None:
                prices = f": {figures.money(lost.written_usd)} instead of {figures.money(lost.read_usd)}"
            effect = f"writes {figures.tokens(lost.tokens)} tokens anew{prices}"
        elif option.is_used:
            effect = "as it is now"
        elif messages_in_cache(session.transcript, model, session.now()).tokens:
            effect = "loses nothing: the messages are in the cache like that"
        else:
            effect = "loses nothing: none of the messages is in the cache"
        thought = thought_per_answer(session.transcript, model)
        paid = bill(Usage(output_tokens=thought), model)
        cost = f", {figures.money(paid.cost_usd)}" if paid else ""
        return effect, f"thinking so far: {figures.tokens(thought)} tokens an answer{cost}" if thought else ""
