"""The chat screen: everything a user can do in a chat, on top of its flow."""

from __future__ import annotations

from tui.actions import BY_NAME
from tui.chat.model import Model
from tui.chat.reasoning import adjusted
from tui.chat.transcript import Draft
from tui.errors import TuiError
from tui.render.figures import plural
from tui.screens.allowing import AllowingScreen
from tui.widgets.bindings import bindings_of
from tui.widgets.conversation import Conversation
from tui.widgets.prompt import PromptArea
from tui.widgets.queue import QueueList


class ChatScreen(AllowingScreen):
    BINDINGS = bindings_of("chat")

    # Sending, stopping, trying again

    def on_prompt_area_empty_sent(self) -> None:
        """Enter with nothing written: the held queue goes on, or the way under the welcome's cursor is gone."""
        if self.talk.outbox.held and not self.talk.running:
            self.release_queue()
        elif self.welcome.offers_ways:
            self.welcome.pick()

    def action_stop(self) -> None:
        """Stops the answer; with none running, Esc takes away what was found, and leads back to the prompt."""
        if self.talk.running:
            self.talk.stop()
        elif self.conversation.is_finding or not self.leave_edit():
            self.conversation.find("")
            self.prompt.focus()

    def on_conversation_retry_requested(self) -> None:
        self.action_retry()

    def action_retry(self) -> None:
        """Sends the prompt that came back, from the box or the queue; after half an answer, the last prompt once more."""
        messages = self.talk.session.transcript.messages
        if self.talk.running:
            self.prompt.say("an answer is running")
        elif messages and messages[-1].role == "user":  # it stayed where it was, because only a part of it was refused
            self.action_continue()
        elif not self.prompt.has_nothing:
            self.prompt.action_send()
        elif draft := self.talk.outbox.release():
            self.submit(draft)
        elif self.prompt.last_sent:
            self.submit(Draft(text=self.prompt.last_sent))

    def on_conversation_picture_opened(self, event: Conversation.PictureOpened) -> None:
        from tui.screens.picture import PictureScreen  # not needed for the first paint

        self.app.push_screen(PictureScreen(event.images, event.number, self.conversation.gallery))

    # The queue

    def on_prompt_area_queue_wanted(self) -> None:
        self._edit_queued(len(self.talk.outbox.drafts) - 1)

    def on_queue_list_edit_requested(self, event: QueueList.EditRequested) -> None:
        self._edit_queued(event.index)

    def on_queue_list_remove_requested(self, event: QueueList.RemoveRequested) -> None:
        self.talk.outbox.remove(event.index)
        self.show_queue()

    def on_queue_list_left(self) -> None:
        self.prompt.focus()

    def _edit_queued(self, index: int) -> None:
        if draft := self.talk.outbox.remove(index):
            self.prompt.recall(draft.text, draft.attachments)
            self.prompt.focus()
            self.show_queue()

    # Other actions of this place

    def on_prompt_area_command_given(self, event: PromptArea.CommandGiven) -> None:
        self.app.call_later(self.perform, event.name, event.argument)

    def on_prompt_area_command_unknown(self, event: PromptArea.CommandUnknown) -> None:
        self.prompt.say(f"no command /{event.word} · F1 shows them · a space before the slash sends it as text")

    def on_prompt_area_editor_refused(self, event: PromptArea.EditorRefused) -> None:
        self.prompt.say(event.reason)

    async def perform(self, name: str, argument: str = "") -> None:
        """Carry out an action of the table, whatever its scope is."""
        action = BY_NAME[name]
        scope = {"app": self.app, "chat": self, "prompt": self.prompt, "conversation": self.conversation}[action.scope]
        await self.app.run_action(f"{name}({argument!r})" if argument else name, scope)

    def action_models(self, name: str = "") -> None:
        if name:
            self._use(name)
            return
        from tui.screens.models import ModelPicker  # not needed for the first paint

        def picked(model: Model | None) -> None:
            if model is not None:
                self._use(model.id)

        provider = self.provider
        picker = ModelPicker(provider.models(), provider.model, self.switches(), provider.reasoning)
        self.app.push_screen(picker, picked)

    def on_header_model_clicked(self) -> None:
        self.action_models()

    def _use(self, name: str) -> None:
        try:
            notice = self.provider.use(name)
        except TuiError as error:
            self.prompt.say(error.sentences)
            return
        self.show_model()
        self.show_welcome()
        otherwise = adjusted(self.provider.model, self.provider.reasoning)
        said = notice or f"{self.provider.model.name} from the next turn on"
        self.prompt.say(f"{said} · {otherwise}" if otherwise else said)

    def action_new_chat(self) -> None:
        """Nothing is lost: the chat that is left is in the list."""
        self.start_afresh()

    def action_thinking(self) -> None:
        self.conversation.toggle_thinking()

    def action_inspect(self) -> None:
        if self.talk.exchange is None:
            self.prompt.say("nothing was sent yet")
            return
        from tui.screens.inspector import Inspector

        self.app.push_screen(Inspector(self.talk.exchange))

    def action_page_up(self) -> None:
        self.conversation.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        self.conversation.scroll_page_down(animate=False)

    def action_jump_to_end(self) -> None:
        self.conversation.jump_to_end()

    def on_conversation_follow_changed(self, event: Conversation.FollowChanged) -> None:
        count = plural(event.new_lines, "new line") if event.new_lines else plural(event.lines_below, "line")
        self.prompt.show_way_down("" if event.following else f"↓ {count} · {self.key_of('jump_to_end')}")

    def on_prompt_area_way_down_clicked(self) -> None:
        self.action_jump_to_end()

    def action_interrupt(self) -> None:
        """Ctrl+C: copies a selection, else stops the answer, else asks."""
        selected = self.prompt.selected_text or self.get_selected_text()
        if selected:
            self.copy(selected, "selection")
        elif self.talk.running:
            self.talk.stop()
        else:
            self.ask_to_quit(also_yes="ctrl+c")

    async def on_prompt_area_leave_requested(self) -> None:
        await self.app.action_quit()

    def ask_to_quit(self, *, also_yes: str) -> None:
        if self._library.is_behind:  # another question comes then, and one is enough
            self.app.call_next(self.app.action_quit)
            return
        from tui.screens.dialogs import Question

        async def answered(agreed: bool | None) -> None:
            if agreed:
                await self.app.action_quit()

        forgets, keeps = "The demo forgets its chats.", "Everything is kept, also what you are writing."
        text = forgets if self.provider.is_demo else keeps
        self.app.push_screen(Question("Quit?", text, yes="quit", no="stay", also_yes=also_yes), answered)

    def on_conversation_copy_requested(self, event: Conversation.CopyRequested) -> None:
        if event.text:
            self.copy(event.text, event.what)
        else:
            self.prompt.say(f"no {event.what} in this message")

    def copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.prompt.say(f"{what} copied, {plural(len(text), 'character')}")

    def on_conversation_link_opened(self, event: Conversation.LinkOpened) -> None:
        self.app.open_url(event.url)
