"""Branches of a chat: prompts that are edited, answers that are asked for again, siblings, forks. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.chat.events import Sent, TurnEnded, TurnEvent
from tui.chat.transcript import Document, Draft, Image, Message
from tui.errors import TuiError
from tui.render import figures
from tui.screens.away import Away, Origin
from tui.screens.returning import ReturningScreen, labels
from tui.widgets.conversation import Conversation
from tui.widgets.prompt import PromptArea
from tui.widgets.workers import later

if TYPE_CHECKING:
    from tui.store import Branch, Place

_GO_ON = "Please go on exactly where you were cut off."


class BranchingScreen(ReturningScreen):
    editing: Origin | None = None
    """The prompt that is in the box to be edited."""
    _left: Origin | None = None
    """What to go back to, should the running turn come to nothing."""
    _remarks: tuple[str, ...] = ()
    """To be said below the next prompt."""

    async def on_conversation_branch_wanted(self, event: Conversation.BranchWanted) -> None:
        if self._may_branch():
            self.run_worker(later(self._branch, event), group="branch", exclusive=True)

    def _may_branch(self) -> bool:
        if self.talk.running:
            self.prompt.say("an answer is running")
        elif self.recorder is None or not self.talk.session.transcript.messages:
            self.prompt.say("nothing was said yet")
        else:
            return True
        return False

    async def _branch(self, event: Conversation.BranchWanted) -> None:
        try:
            branch = await self.read_branch()
            if event.message >= len(branch):
                self.prompt.say("this prompt is back in the box")
            elif event.how == "edit":
                self._edit(Origin(branch, self._prompt_before(event.message)))
            elif event.how == "regenerate":
                self.answer_again(Origin(branch, self._prompt_before(event.message)))
            elif event.how == "fork":
                await self._fork(branch[self._last_of_turn(event.message)].id)
            else:
                await self._step(branch, self._fork_near(branch, event.message), -1 if event.how == "older" else 1)
        except TuiError as error:
            self.prompt.say(error.message)

    # A chat that is left, and opened again

    def let_go(self) -> None:
        super().let_go()
        self.editing = self._left = None
        self._remarks = ()

    def _put_away(self, place: Place) -> Away:
        away = super()._put_away(place)
        away.left = self._left
        return away

    def _take_from_away(self, away: Away, branch: Branch) -> None:
        self._left = away.left
        super()._take_from_away(away, branch)

    def _end_away(self, away: Away, event: TurnEnded) -> None:
        if away.left is not None and _has_come_to_nothing(event) and away.left.branch.head is not None:
            away.store.set_head(away.place.chat_id, away.left.branch.head)
        away.left = None
        super()._end_away(away, event)

    def shown(self, branch: Branch, place: Place) -> None:
        """An edit that was under way goes on as one."""
        super().shown(branch, place)
        prompt = next((number for number, stored in enumerate(branch) if place.edits == stored.id), None)
        if prompt is not None:
            self.editing = Origin(branch, prompt)
            self._say_edits()

    def _place(self) -> Place:
        """How the screen stands; what is in the box may be an edit."""
        place = super()._place()
        if self.editing is None:
            return place
        return replace(place, edits=self.editing.branch[self.editing.prompt].id)

    # Editing a prompt

    def _edit(self, origin: Origin) -> None:
        self.editing = origin
        message = self._messages[origin.prompt]
        attached = [block for block in message.blocks if isinstance(block, Image | Document) and not block.aside]
        self.prompt.recall(message.text, attached)
        self.prompt.focus()
        self._say_edits()
        self.save_place()

    def _say_edits(self) -> None:
        self.prompt.hint(f"editing: {self.key_of('send')} sends a new branch · Esc leaves it")

    def on_prompt_area_command_given(self, event: PromptArea.CommandGiven) -> None:
        """The edited text has given way to a command: what is sent next is no edit."""
        self.editing = None

    def show_hints(self) -> None:
        super().show_hints()
        if self.editing is not None and not self.talk.running:
            self._say_edits()

    def leave_edit(self) -> bool:
        """Gives up editing and brings the draft back; what was written is kept. False if nothing was edited."""
        if self.editing is None:
            return False
        self.editing = None
        is_kept = self.prompt.lay_down()
        self.show_hints()
        if is_kept:
            self.prompt.say("the edit is kept: ↑ brings it back", lasting=True)
        return True

    def submit(self, draft: Draft) -> None:
        if self.editing is None or self.talk.running:
            super().submit(draft)
            return
        origin, self.editing = self.editing, None
        self._remarks = (self._cost_of_edit(origin.prompt),)
        self._go_back(origin, origin.prompt)
        super().submit(draft)

    def _cost_of_edit(self, prompt: int) -> str:
        before = tokens_of(self._messages[:prompt])
        if not before:
            return "a branch from the beginning: the cache holds nothing of it"
        return f"a branch: the {figures.tokens(before)} tokens before it are read from the cache while it is warm"

    # Answering again

    def answer_again(self, origin: Origin) -> None:
        """Asks for another answer to a prompt, with the model chosen now."""
        messages = self._messages
        answer = next((one for one in messages[origin.prompt + 1 :] if one.role == "assistant"), None)
        self._go_back(origin, origin.prompt + 1)
        model = self.provider.model
        if answer is not None and answer.model != model.id:
            count = figures.tokens(answer.usage.total_input)
            self.conversation.note(f"{model.name} has a cache of its own: all {count} tokens are sent to it anew")
        else:
            self.conversation.note("asked again: the prompt is read from the cache while it is warm")
        self._answer_last()

    def _answer_last(self) -> None:
        self._note_model()
        self.talk.answer_last()
        self.show_hints()

    def action_continue(self) -> None:
        """A cut answer is continued by a prompt that asks for the rest; a prompt without an answer gets one."""
        messages = self._messages
        last = messages[-1] if messages else None
        if self.talk.running or last is None or not self.is_ready:
            self.prompt.say("an answer is running" if self.talk.running else "nothing was said yet")
        elif last.role == "user" or last.awaits_results:
            self.answer_prompt()
        elif last.state == "complete" and last.stop_reason != "max_tokens":
            self.prompt.say("the answer is complete")
        else:
            self.submit(Draft(text=_GO_ON))

    def answer_prompt(self) -> None:
        """Has the prompt answered that the chat ends with."""
        self._answer_last()

    # Siblings and forks

    def action_older_answer(self) -> None:
        self._step_last(-1)

    def action_newer_answer(self) -> None:
        self._step_last(1)

    def _step_last(self, step: int) -> None:
        """The same from anywhere: at the last message that has siblings."""
        if self._may_branch():
            self.run_worker(later(self._step_from_end, step), group="branch", exclusive=True)

    async def _step_from_end(self, step: int) -> None:
        try:
            branch = await self.read_branch()
            forks = [index for index, stored in enumerate(branch) if len(stored.siblings) > 1]
            await self._step(branch, forks[-1] if forks else None, step)
        except TuiError as error:
            self.prompt.say(error.message)

    def _fork_near(self, branch: Branch, message: int) -> int | None:
        """Where the branch parts from others: in the turn that begins with that message, else above it, else below."""
        forks = [index for index, stored in enumerate(branch) if len(stored.siblings) > 1]
        last = self._last_of_turn(message)
        inside = [index for index in forks if message <= index <= last]
        before = [index for index in forks if index < message]
        return next(iter([*inside, *before[::-1], *forks]), None)

    async def _step(self, branch: Branch, at: int | None, step: int) -> None:
        """To the next sibling of that message in that direction, and the newest branch below it."""
        if at is None:
            self.prompt.say("no other branch · e edits a prompt, g asks again")
            return
        position = branch[at].position + step
        if not 0 <= position < len(branch[at].siblings):
            self.prompt.say("there is no older branch" if step < 0 else "there is no newer branch")
            return
        leaf = await self.answer(self.store.leaf(branch[at].siblings[position]))
        self.store.set_head(self.chat_id, leaf)
        await self.open_chat(self.chat_id, head=leaf, at=branch[at].siblings[position])
        before = tokens_of(self._messages[:at])
        shared = f"{figures.tokens(before)} tokens" if before else "nothing"
        self.prompt.say(
            f"branch {position + 1}/{len(branch[at].siblings)} · shares {shared} of the cache",
            lasting=True,
        )

    async def _fork(self, message_id: str) -> None:
        title = self.header.title
        chat_id = await self.answer(self.store.fork(message_id, f"{title} (fork)" if title else ""))
        await self.open_chat(chat_id)
        self.prompt.say("a chat of its own · both read the same cache", lasting=True)

    # What becomes of a branch

    def _go_back(self, origin: Origin, count: int) -> None:
        """Leaves the branch after so many messages. The store has all of them."""
        assert self.recorder is not None
        session = self.talk.session
        self._left = origin
        session.transcript = replace(session.transcript, messages=session.transcript.messages[:count])
        self.recorder.head = origin.branch[count - 1].id if count else None
        self.conversation.show(session.transcript.messages, siblings=labels(origin.branch)[:count])
        self.conversation.jump_to_end()

    def _take(self, event: TurnEvent) -> None:
        super()._take(event)
        match event:
            case Sent():
                for remark in self._remarks:
                    self.conversation.note(remark)
                self._remarks = ()
            case TurnEnded():
                self._remarks = ()
                if self._left is not None:
                    origin, self._left = self._left, None
                    self.run_worker(later(self._end_branch, origin, event), group="branch", exclusive=True)

    async def _end_branch(self, origin: Origin, event: TurnEnded) -> None:
        """Counts the siblings anew; goes back to the branch that was left if there is no new one."""
        assert self.recorder is not None
        if not _has_come_to_nothing(event):
            self.conversation.label(labels(await self.read_branch()))
            return
        head = origin.branch.head
        assert head is not None, "a branch that was left has messages"
        self.store.set_head(self.chat_id, head)
        await self.open_chat(self.chat_id, head=head)
        if event.failure is not None:
            self.conversation.note(event.failure.message)
        said = "back in the branch from before"
        if event.give_back is not None and self.prompt.full_text == event.give_back.text:
            self.editing = origin
            self.save_place()
            said = f"the branch from before · {self.key_of('send')} sends the edit again"
        self.prompt.say(said, lasting=True)

    # Reading the transcript

    @property
    def _messages(self) -> Sequence[Message]:
        return self.talk.session.transcript.messages

    def _prompt_before(self, message: int) -> int:
        """The number of the prompt that a message is, or answers."""
        return next((index for index in range(message, 0, -1) if self._messages[index].is_prompt), 0)

    def _last_of_turn(self, message: int) -> int:
        """The number of the last message under the same speaker line."""
        if self._messages[message].is_prompt:
            return message
        after = range(message + 1, len(self._messages))
        return next((index for index in after if self._messages[index].is_prompt), len(self._messages)) - 1


def _has_come_to_nothing(event: TurnEnded) -> bool:
    """Whether a turn has left nothing of a branch that began with it."""
    messages = event.transcript.messages
    is_kept = event.failure is not None and event.failure.refused
    return event.give_back is not None or not messages or (messages[-1].is_prompt and not is_kept)


def tokens_of(messages: Sequence[Message]) -> int:
    """How many tokens a conversation has, by the last answer that says so."""
    answers = (one.usage for one in reversed(messages) if one.usage.total_input)
    return next((usage.total_input + usage.output_tokens for usage in answers), 0)
