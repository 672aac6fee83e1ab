"""One turn that is kept: which chat it goes on with, or the new one that it begins, for commands without a screen."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tui.chat.asking import Ask
from tui.chat.budget import Spent, check, objection, refusal, turn_usd
from tui.chat.forecast import estimate
from tui.chat.model import Model
from tui.chat.reasoning import BY_ITSELF, Reasoning, manner, remembered
from tui.chat.session import Session
from tui.chat.tools import Access, access_of
from tui.chat.transcript import Draft
from tui.chat.warmth import lifetime_for
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.services.connection import Connection
    from tui.store import Chat, Recorder, Store

LAST = ""
"""Instead of an id: the chat that was used last."""


class NothingToContinue(TuiError):
    def __init__(self) -> None:
        super().__init__("There is no chat to continue.", "Without -c, prx begins one.")


class Kept(msgspec.Struct, frozen=True):
    session: Session
    recorder: Recorder
    model: str
    """The model to ask, as a name to choose it by; "" for the configured one."""
    spent: Future[Spent]
    """What the chat has cost so far, and all chats today."""
    reasoning: Reasoning

    def ask(self, connection: Connection) -> Ask:
        """How its next turn is asked."""
        return connection.ask(
            connection.choose(self.model), effort=self.reasoning.effort, thinking=self.reasoning.thinking
        )


def begin(
    store: Store,
    connection: Connection,
    *,
    resume: str | None,
    model: str,
    system: str | None,
    tools: Access | None = None,
    reasoning: Reasoning = BY_ITSELF,
) -> Kept:
    """A session whose turns are recorded. `resume`: the id of a chat, how it begins, or LAST; None for a new chat.

    A chat keeps its model, system prompt, tools, thinking and effort unless others are given. Nobody is there to be asked:
    what would need the user's leave is refused. Raises NothingToContinue, NoSuchChat, and what is wrong with a store that
    cannot be read.
    """
    from tui.store import NewChat, Recorder, new_id

    if resume is None:
        access: Access = tools or connection.settings.default.tools or "none"
        session = connection.session(system, access=access, asks=False)
        session.equip()
        said, chosen = session.transcript, connection.choose(model).model.id
        new = NewChat(id=new_id(), model=chosen, system=said.system, tools=access, definitions=said.tools)
        new = replace(new, thinking=reasoning.thinking or "", effort=reasoning.effort or "")
        return _kept(session, store, Recorder(store, new, gives_back=False), model, reasoning)
    store.ready().result()
    chat = _last(store) if resume == LAST else store.chat(resume).result()
    session = connection.session(chat.system if system is None else system, asks=False)
    transcript = store.transcript(chat.id, chat.head).result()
    session.take_up(replace(transcript, system=session.transcript.system), access_of(chat.tools))
    if tools is not None:
        session.use_tools(tools)
        store.set_tools(chat.id, tools, session.transcript.tools)
    if system is not None:
        store.set_system(chat.id, system)
    if model:
        store.set_model(chat.id, connection.choose(model).model.id)
    recorder = Recorder(store, NewChat(id=chat.id, model=chat.model, system=chat.system), chat.head, gives_back=False)
    before = remembered(chat.thinking, chat.effort)
    reasoning = Reasoning(thinking=reasoning.thinking or before.thinking, effort=reasoning.effort or before.effort)
    if reasoning != before:
        store.set_reasoning(chat.id, reasoning.thinking or "", reasoning.effort or "")
    return _kept(session, store, recorder, model or chat.model, reasoning)


async def within_budget(connection: Connection, kept: Kept, draft: Draft, model: Model) -> str:
    """What there is to say of soft limits that the turn passes, or "". Raises OverBudget for a hard one: nobody is asked."""
    from tui.services.connection import budget_of

    budget = budget_of(connection.settings)
    if not budget.is_set:
        return ""
    transcript, now, how = kept.session.transcript, kept.session.now(), manner(model, kept.reasoning)
    lifetime = lifetime_for(transcript, model, now, manner=how)
    next_usd = turn_usd(estimate(transcript, draft, model, now, manner=how, lifetime=lifetime), transcript, model)
    spent = await asyncio.wrap_future(kept.spent)
    if error := refusal(budget, spent, next_usd):
        raise error

    session = kept.session
    session.objection = lambda answers: objection(budget, spent, session.transcript, answers, model, session.now())
    return " ".join(map(str, check(budget, spent, next_usd)))


def _last(store: Store) -> Chat:
    chats = store.chats().result()
    if not chats:
        raise NothingToContinue
    return max(chats, key=lambda chat: chat.updated)


def _kept(session: Session, store: Store, recorder: Recorder, model: str, reasoning: Reasoning) -> Kept:
    session.record, session.partial = recorder.record, recorder.partial
    session.withdraw, session.write_off, session.revise = recorder.withdraw, recorder.write_off, recorder.revise
    session.equipped = recorder.equip
    return Kept(session, recorder, model, store.spent(recorder.chat.id), reasoning)
