"""What Claude is told before a chat begins: the system prompt, seen and edited with what that costs, and presets."""

from __future__ import annotations

from msgspec.structs import replace

from tui.chat.ledger import Usage, bill
from tui.chat.thinking import changed
from tui.errors import TuiError
from tui.render import figures
from tui.screens.branches import tokens_of
from tui.screens.titling import TitlingScreen


class BriefingScreen(TitlingScreen):
    _preset_for_new = ""
    """The preset of chats that begin from now on; one that is opened has its own."""

    def on_mount(self) -> None:
        self._preset_for_new = self.provider.preset

    # The system prompt

    def action_system(self, text: str = "") -> None:
        if self.talk.running or not self.is_ready:
            self.prompt.say("an answer is running")
        elif text:
            self._set_system(text)
        else:
            from tui.screens.system import SystemPrompt  # not needed for the first paint

            transcript = self.talk.session.transcript
            self.app.push_screen(SystemPrompt(transcript.system, self.cost_of_edit()), self._set_system)

    def cost_of_edit(self) -> str:
        """What another system prompt does to the cache: the whole prompt begins with it."""
        anew = self.written_anew()
        if not anew:
            return "nothing of this chat is in the cache: an edit costs nothing"
        return f"an edit drops the cache: the next turn {anew}"

    def written_anew(self) -> str:
        """What the next turn does where nothing is read from the cache any more; "" where nothing is there to be read."""
        count = tokens_of(self.talk.session.transcript.messages)
        if not count or not self._warmth().is_warm(self.talk.session.now()):
            return ""
        anew = bill(Usage(cache_creation_input_tokens=count), self.provider.model)
        kept = bill(Usage(cache_read_input_tokens=count), self.provider.model)
        prices = f": {figures.money(anew.cost_usd)} instead of {figures.money(kept.cost_usd)}" if anew and kept else ""
        return f"writes {figures.tokens(count)} tokens anew{prices}"

    def _set_system(self, text: str | None) -> None:
        session = self.talk.session
        if text is None or text == session.transcript.system or self.talk.running:
            return
        cost = self.cost_of_edit()
        session.transcript = changed(session.transcript, replace(session.transcript, system=text))
        self.store.set_system(self.chat_id, text)
        self.prompt.say(f"{'system prompt set' if text else 'no system prompt'} · {cost}", lasting=True)

    # Presets

    def action_preset(self, name: str = "") -> None:
        if name:
            self._begin_with_preset(name)
            return
        from tui.screens.presets import PresetPicker

        self.app.push_screen(PresetPicker(self.provider.presets, self.provider.preset), self._begin_with_preset)

    def _begin_with_preset(self, name: str | None) -> None:
        """A new chat with that preset; "-" for none."""
        if name is None:
            return
        try:
            self.provider.use_preset(name if name != "-" else "")
        except TuiError as error:
            self.prompt.say(error.sentences)
            return
        self._preset_for_new = self.provider.preset
        self.start_afresh()
        model = self.provider.model.name
        self.prompt.say(f"a new chat with the preset {name}, {model}" if name != "-" else "a new chat, no preset")

    def start_afresh(self) -> None:
        if self.provider.preset != self._preset_for_new:
            self.provider.use_preset(self._preset_for_new)
        super().start_afresh()
