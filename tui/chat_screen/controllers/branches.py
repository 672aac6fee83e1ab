"""Branches of a chat: edited prompts, regenerated answers, siblings, forks. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec
from msgspec.structs import replace

from tui.chat.events import PromptSent, TurnEnded, TurnEvent
from tui.chat.transcript import Document, Image, Message
from tui.chat_screen.context import ANSWER_RUNS, NOTHING_SENT, ChatContext, PromptPort, TranscriptPort, stored
from tui.chat_screen.hints import Hint
from tui.chat_screen.pipeline import Proceed, Submission
from tui.chat_screen.session import ChatSession, Origin, labels, tokens_of
from tui.errors import TuiError
from tui.render import figures

if TYPE_CHECKING:
    from tui.store import Branch

How = Literal["edit", "regenerate", "fork", "older", "newer"]


class OpenChat(Protocol):
    def __call__(
        self, chat_id: str, *, head: str | None = None, at: str = "", words: Sequence[str] = ()
    ) -> Awaitable[None]: ...


class BranchPorts(msgspec.Struct, frozen=True):
    transcript: TranscriptPort
    prompt: PromptPort
    read_branch: Callable[[], Awaitable[Branch]]
    """The messages of the chat on view, as they are stored."""
    open_chat: OpenChat
    submit: Callable[[Submission], None]
    save: Callable[[], None]
    """Saves how the chat stands."""
    show_hints: Callable[[], None]


class BranchController:
    def __init__(self, context: ChatContext, ports: BranchPorts) -> None:
        self._context = context
        self._ports = ports

    def branch(self, how: How, message: int) -> None:
        """Edit, regenerate or fork at a message, or show its next sibling. A negative index counts from the end."""
        if self._may_branch():
            self._context.run(self._branch, self._context.current(), how, message, group="branch", exclusive=True)

    def disabled_reason(self, name: str) -> str:
        """Return why no branch can be made or shown now, or ""."""
        session = self._context.current()
        if session.running:
            return ANSWER_RUNS
        return NOTHING_SENT if session.recorder is None or not session.has_begun else ""

    def _may_branch(self) -> bool:
        if reason := self.disabled_reason(""):
            self._context.notify(reason)
        return not reason

    async def _branch(self, session: ChatSession, how: How, message: int) -> None:
        messages = session.transcript.messages
        message += len(messages) if message < 0 else 0
        try:
            branch = await self._ports.read_branch()
            if self._context.current() is not session:
                return  # another chat was opened meanwhile
            if message >= len(branch):
                self._context.notify("This prompt is back in the prompt area")
            elif how == "edit":
                self._edit(Origin(branch, _prompt_before(messages, message)))
            elif how == "regenerate":
                self.regenerate(Origin(branch, _prompt_before(messages, message)))
            elif how == "fork":
                await self._fork(branch[_last_of_turn(messages, message)].id)
            else:
                await self._step(branch, self._fork_near(branch, message), -1 if how == "older" else 1)
        except TuiError as error:
            self._context.notify(error.message)

    # Editing a prompt

    def _edit(self, origin: Origin) -> None:
        self._context.current().editing = origin
        message = self._messages[origin.prompt]
        attached = [block for block in message.blocks if isinstance(block, Image | Document) and not block.quarantined]
        prompt = self._ports.prompt
        prompt.recall(message.text, attached)
        prompt.focus()
        self._ports.show_hints()
        self._ports.save()

    def hints(self) -> Sequence[Hint]:
        """While a prompt is edited, say so and nothing else."""
        session = self._context.current()
        if session.editing is None or session.running:
            return ()
        text = f"Editing: {self._context.key_of('send')} sends a new branch · Esc cancels"
        return (Hint("editing", text, is_alone=True),)

    def leave_edit(self) -> bool:
        """Stop editing and bring the draft back; what was written is kept. False if nothing was edited."""
        session = self._context.current()
        if session.editing is None:
            return False
        session.editing = None
        is_kept = self._ports.prompt.discard_recalled()
        self._ports.show_hints()
        if is_kept:
            self._context.notify("Edit kept · ↑ brings it back", lasting=True)
        return True

    def drop_edit(self) -> None:
        """The edited text has given way to a command: what is sent next is no edit."""
        self._context.current().editing = None

    # A step of the pipeline

    def branch_from_edit(self, submission: Submission, proceed: Proceed) -> None:
        """An edit, or another answer, begins a branch: the transcript goes back to where it leaves the old one."""
        session = submission.session
        if submission.kind == "regenerate" and submission.origin is not None:
            self._note_regenerated(session, submission.origin)
        elif submission.kind == "prompt" and session.editing is not None:
            origin, session.editing = session.editing, None
            session.branch_notes = (_cost_of_edit(session.transcript.messages[: origin.prompt]),)
            self._go_back(session, origin, origin.prompt)
        proceed(submission)

    def _note_regenerated(self, session: ChatSession, origin: Origin) -> None:
        messages = session.transcript.messages
        answer = next((one for one in messages[origin.prompt + 1 :] if one.role == "assistant"), None)
        self._go_back(session, origin, origin.prompt + 1)
        model = self._context.provider.model
        if answer is not None and answer.model != model.id:
            count = figures.tokens(answer.usage.total_input)
            note = f"{model.name} has its own cache: all {count} tokens are sent again"
        else:
            note = "regenerated: the prompt is read from the cache while it is warm"
        self._ports.transcript.note(note)

    def _go_back(self, session: ChatSession, origin: Origin, count: int) -> None:
        """Leave the branch after so many messages. The store has all of them."""
        assert session.recorder is not None
        session.left_branch = origin
        session.transcript = replace(session.transcript, messages=session.transcript.messages[:count])
        session.recorder.head = origin.branch[count - 1].id if count else None
        transcript = self._ports.transcript
        transcript.show(session.transcript.messages, siblings=labels(origin.branch)[:count])
        transcript.jump_to_end()

    # Other answers

    def regenerate(self, origin: Origin) -> None:
        """Ask for another answer to a prompt, with the current model."""
        self._ports.submit(Submission(self._context.current(), "regenerate", origin=origin))

    # Siblings and forks

    def step_last(self, step: int) -> None:
        """Show the older (-1) or newer (1) sibling of the last message that has any."""
        if self._may_branch():
            self._context.run(self._step_from_end, step, group="branch", exclusive=True)

    async def _step_from_end(self, step: int) -> None:
        try:
            branch = await self._ports.read_branch()
            forks = _forks(branch)
            await self._step(branch, forks[-1] if forks else None, step)
        except TuiError as error:
            self._context.notify(error.message)

    def _fork_near(self, branch: Branch, message: int) -> int | None:
        """Return where the branch parts from others: in the turn that begins with that message, else above, else below."""
        forks, last = _forks(branch), _last_of_turn(self._messages, message)
        inside = [index for index in forks if message <= index <= last]
        before = [index for index in forks if index < message]
        return next(iter([*inside, *before[::-1], *forks]), None)

    async def _step(self, branch: Branch, at: int | None, step: int) -> None:
        """Show the next sibling of that message in that direction, and the newest branch below it."""
        if at is None:
            self._context.notify("No other branch · e edits a prompt, g regenerates")
            return
        position, siblings = branch[at].sibling_index + step, branch[at].siblings
        if not 0 <= position < len(siblings):
            self._context.notify("This is the first branch" if step < 0 else "This is the last branch")
            return
        session = self._context.current()
        leaf = await stored(session.store.leaf(siblings[position]))
        session.store.set_head(session.id, leaf)
        await self._ports.open_chat(session.id, head=leaf, at=siblings[position])
        if self._context.current().id != session.id:
            return  # another chat was opened meanwhile
        before = tokens_of(self._messages[:at])
        shared = f"{figures.tokens(before)} tokens" if before else "nothing"
        self._context.notify(f"Branch {position + 1}/{len(siblings)} · shares {shared} of the cache", lasting=True)

    async def _fork(self, message_id: str) -> None:
        session = self._context.current()
        title = f"{session.title} (fork)" if session.title else ""
        await self._ports.open_chat(await stored(session.store.fork(message_id, title)))
        self._context.notify("Forked · both chats read the same cache", lasting=True)

    # What becomes of a branch

    def take(self, session: ChatSession, event: TurnEvent) -> None:
        """Add the notes below an edited prompt; go back to the old branch if the turn has left nothing of the new one."""
        match event:
            case PromptSent() if session.is_on_view:
                for note in session.branch_notes:
                    self._ports.transcript.note(note)
                session.branch_notes = ()
            case TurnEnded():
                session.branch_notes = ()
                origin, session.left_branch = session.left_branch, None
                if origin is None:
                    return
                if session.is_on_view:
                    self._context.run(self._end_branch, session, origin, event, group="branch", exclusive=True)
                elif _has_left_nothing(event) and origin.branch.head is not None:
                    session.store.set_head(session.id, origin.branch.head)
            case _:
                pass

    async def _end_branch(self, session: ChatSession, origin: Origin, event: TurnEnded) -> None:
        """Count the siblings anew, or go back to the old branch."""
        transcript = self._ports.transcript
        if not _has_left_nothing(event):
            branch = await self._ports.read_branch()
            if self._context.current() is session:
                transcript.label(labels(branch))
            return
        head = origin.branch.head
        assert head is not None, "a branch that was left has messages"
        session.store.set_head(session.id, head)
        if self._context.current() is session:
            await self._ports.open_chat(session.id, head=head)
        if self._context.current().id != session.id:
            return  # another chat was opened meanwhile
        if event.failure is not None:
            transcript.note(event.failure.message)
        message = "Back on the previous branch"
        if event.give_back is not None and self._ports.prompt.full_text == event.give_back.text:
            self._context.current().editing = origin
            self._ports.save()
            message = f"Previous branch · {self._context.key_of('send')} sends the edit again"
        self._context.notify(message, lasting=True)

    @property
    def _messages(self) -> Sequence[Message]:
        return self._context.current().transcript.messages


def _forks(branch: Branch) -> list[int]:
    return [index for index, message in enumerate(branch) if len(message.siblings) > 1]


def _prompt_before(messages: Sequence[Message], index: int) -> int:
    """Return the index of the prompt that a message is, or answers."""
    return next((at for at in range(index, 0, -1) if messages[at].is_prompt), 0)


def _last_of_turn(messages: Sequence[Message], index: int) -> int:
    """Return the index of the last message under the same speaker line."""
    if messages[index].is_prompt:
        return index
    after = range(index + 1, len(messages))
    return next((at for at in after if messages[at].is_prompt), len(messages)) - 1


def _has_left_nothing(event: TurnEnded) -> bool:
    """True if a turn has left nothing of a branch that began with it."""
    messages = event.transcript.messages
    is_kept = event.failure is not None and event.failure.rejected_blocks
    return event.give_back is not None or not messages or (messages[-1].is_prompt and not is_kept)


def _cost_of_edit(before: Sequence[Message]) -> str:
    count = tokens_of(before)
    if not count:
        return "a branch from the first prompt: nothing of it is in the cache"
    return f"a branch: the {figures.tokens(count)} tokens before it are read from the cache while it is warm"
