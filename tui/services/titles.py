"""Generate the title of a chat with the cheapest model, in a small request of its own."""

from __future__ import annotations

from tui.chat.events import TurnEnded
from tui.chat.model import Model
from tui.chat.session import Session
from tui.chat.titles import GeneratedTitle, parse_title, title_prompt
from tui.chat.transcript import Draft, Transcript
from tui.chat.turn import run_turn
from tui.services.connection import Connection


async def generate_title(connection: Connection, transcript: Transcript) -> GeneratedTitle:
    """Request a title for the conversation, on the loop of the connection. On failure the title is ""."""
    model = cheapest(connection.models())
    if model is None:
        return GeneratedTitle("", ())
    session = Session(bill=connection.bill)
    ask = connection.ask(connection.choose(model.id), thinking="off", show_thinking=False)
    title = ""
    async for event in run_turn(session, Draft(text=title_prompt(transcript)), ask):
        if isinstance(event, TurnEnded) and event.outcome == "complete":
            title = parse_title(event.transcript.messages[-1].text)
    answers = (message for message in session.transcript.messages if message.role == "assistant")
    return GeneratedTitle(title, (*answers, *session.discarded))


def cheapest(models: tuple[Model, ...]) -> Model | None:
    """Return the cheapest model that is not deprecated, or None if no price is known."""
    current = [model for model in models if model.prices and model.lifecycle not in ("deprecated", "retired")]
    return min(current, key=lambda model: model.prices[0].input + model.prices[0].output, default=None)
