"""Continue a stored chat, or start a new one, for commands without a screen."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tui.chat.budget import Spent, check, estimated_turn_usd, hard_limit_error, next_request_error
from tui.chat.cache_state import lifetime_for
from tui.chat.forecast import estimate
from tui.chat.model import Model
from tui.chat.reasoning import MODEL_DEFAULTS, Reasoning, parse_reasoning, request_settings
from tui.chat.request import RequestBuilder
from tui.chat.session import Session
from tui.chat.tools import Access, parse_access
from tui.chat.transcript import Draft
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.services.connection import Connection
    from tui.store import Chat, Recorder, Store

LAST = ""
"""In place of an ID: the most recent chat."""


class NothingToContinue(TuiError):
    def __init__(self) -> None:
        super().__init__("There is no chat to continue.", "To start one, omit -c.")


class StoredSession(msgspec.Struct, frozen=True):
    """A session that is recorded in the store."""

    session: Session
    recorder: Recorder
    model: str
    """The name of the model; "" for the configured one."""
    spent: Future[Spent]
    """The cost of this chat so far, and of all chats today."""
    reasoning: Reasoning

    def ask(self, connection: Connection) -> RequestBuilder:
        """Return the function that sends the next turn."""
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
    reasoning: Reasoning = MODEL_DEFAULTS,
) -> StoredSession:
    """Return a session whose turns are recorded. `resume` is an ID, the start of an ID, or LAST; None for a new chat.

    A stored chat keeps its model, system prompt, tools, thinking and effort unless others are given. Calls that need
    permission are refused, because there is nobody to ask. Raises NothingToContinue, NoSuchChat and StoreProblem.
    """
    from tui.store import NewChat, Recorder, new_id

    if resume is None:
        access: Access = tools or connection.settings.default.tools or "none"
        session = connection.session(system, access=access, asks=False)
        session.offer_tools()
        transcript, chosen = session.transcript, connection.choose(model).model.id
        new = NewChat(id=new_id(), model=chosen, system=transcript.system, tools=access, definitions=transcript.tools)
        new = replace(new, thinking=reasoning.thinking or "", effort=reasoning.effort or "")
        return _stored(session, store, Recorder(store, new, gives_back=False), model, reasoning)
    store.ready().result()
    chat = _last(store) if resume == LAST else store.chat(resume).result()
    session = connection.session(chat.system if system is None else system, asks=False)
    transcript = store.transcript(chat.id, chat.head).result()
    if system is not None:
        transcript = transcript.with_system(session.transcript.system)
    session.resume(transcript, parse_access(chat.tools))
    if tools is not None:
        session.use_tools(tools)
        store.set_tools(chat.id, tools, session.transcript.tools)
    store.set_setup(chat.id, session.transcript.changed)
    if model:
        store.set_model(chat.id, connection.choose(model).model.id)
    recorder = Recorder(store, NewChat(id=chat.id, model=chat.model, system=chat.system), chat.head, gives_back=False)
    before = parse_reasoning(chat.thinking, chat.effort)
    reasoning = Reasoning(thinking=reasoning.thinking or before.thinking, effort=reasoning.effort or before.effort)
    if reasoning != before:
        store.set_reasoning(chat.id, reasoning.thinking or "", reasoning.effort or "")
    return _stored(session, store, recorder, model or chat.model, reasoning)


async def check_budget(connection: Connection, stored: StoredSession, draft: Draft, model: Model) -> str:
    """Return warnings about soft limits that the turn exceeds, or "". Raises OverBudget if it exceeds a hard limit."""
    from tui.services.connection import budget_of

    budget = budget_of(connection.settings)
    if not budget.is_set:
        return ""
    transcript, now = stored.session.transcript, stored.session.now()
    how = request_settings(model, stored.reasoning, transcript)
    lifetime = lifetime_for(transcript, model, now, settings=how)
    next_usd = estimated_turn_usd(
        estimate(transcript, draft, model, now, settings=how, lifetime=lifetime), transcript, model
    )
    spent = await asyncio.wrap_future(stored.spent)
    if error := hard_limit_error(budget, spent, next_usd):
        raise error

    session = stored.session
    session.check_request = lambda answers: next_request_error(
        budget, spent, session.transcript, answers, model, session.now()
    )
    return " ".join(map(str, check(budget, spent, next_usd)))


def _last(store: Store) -> Chat:
    chats = store.chats().result()
    if not chats:
        raise NothingToContinue
    return max(chats, key=lambda chat: chat.updated)


def _stored(session: Session, store: Store, recorder: Recorder, model: str, reasoning: Reasoning) -> StoredSession:
    session.record, session.partial = recorder.record, recorder.partial
    session.withdraw, session.discard, session.revise = recorder.withdraw, recorder.discard, recorder.revise
    session.tools_changed = recorder.set_tools
    return StoredSession(session, recorder, model, store.spent(recorder.chat.id), reasoning)
