"""The body of a request, as a pure function of the conversation and the chosen options.

Which parts of the history are sent is `replay`'s job, and where the cache breakpoints go is `caching`'s. No clock, no
environment and no file is read here: the same values give the same bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tui.anthropic.cache_breakpoints import with_breakpoints
from tui.anthropic.replay import Dialect, Param, build_messages, sendable
from tui.chat.asking import NothingToSend
from tui.chat.ledger import Lifetime
from tui.chat.model import Effort, Model
from tui.chat.thinking import ThinkingMode, budget_in_use, effort_in_use, mode_in_use
from tui.chat.transcript import Tool, Transcript
from tui.inputs.bounded import decode_json

MAX_TOKENS = 64_000
"""The most that an answer may take unless asked for: more than any chat needs, and half of what the largest models allow."""
THINKING_BUDGET = 16_000
"""The most that a model which thinks by budget spends on it unless asked otherwise."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the next answer is asked for."""

    model: Model
    max_tokens: int | None = None
    effort: Effort | None = None
    show_thinking: bool = True
    """Ask for readable thinking. Models that think by default do so without it, unseen."""
    thinking: ThinkingMode | None = None
    """Taken where the model has that mode. None: adaptive where the model can, else as the model does by itself."""
    thinking_budget: int = THINKING_BUDGET
    """For models that have no adaptive thinking."""
    lifetime: Lifetime = "5m"
    """How long the cache is to keep what this request writes."""
    dialect: Dialect = "anthropic"
    """`basic` sends plain messages, tools and images, and nothing that only Anthropic knows."""


def dialect_for(setting: Literal["auto", "anthropic", "basic"], model: Model) -> Dialect:
    """The dialect to speak. `auto`: Anthropic's with every model that we know, wherever it is served."""
    if setting != "auto":
        return setting
    return "anthropic" if model.known else "basic"


def build_body(transcript: Transcript, options: Options) -> Param:
    """The request as JSON values, with cache breakpoints. Raises `NothingToSend`.

    JSON that came from outside (tool arguments, schemas, citations) stands in it as `msgspec.Raw`, byte for byte.
    Sampling parameters are never sent, and an answer is never begun for the model: current models refuse both.
    """
    model = options.model
    messages = build_messages(transcript.messages, model, options.dialect)
    if not messages or (messages[-1]["role"] == "assistant" and not _is_paused(transcript)):
        raise NothingToSend
    body: Param = {"model": model.id, "max_tokens": _max_tokens(options), "stream": True}
    if options.dialect == "anthropic":
        body |= _thinking(options) | _effort(options) | _diagnostics(transcript)
    tools = [_tool(tool) for tool in transcript.tools if not tool.server or options.dialect == "anthropic"]
    if tools and model.tools:
        body["tools"] = tools
    if transcript.system.strip():
        body["system"] = _system(transcript.system, options.dialect)
    body["messages"] = messages
    if options.dialect != "anthropic":
        return body
    return with_breakpoints(body, model, options.lifetime, _kept(transcript, options))


def encode(body: Param) -> bytes:
    """The body as the JSON that is sent."""
    return msgspec.json.encode(body)


def _tool(tool: Tool) -> Param:
    if tool.server:
        return decode_json(tool.server, type=dict[str, object])
    return {"name": tool.name, "description": tool.description, "input_schema": msgspec.Raw(tool.input_schema)}


def _is_paused(transcript: Transcript) -> bool:
    return transcript.messages[-1].stop_reason == "pause_turn"


def _max_tokens(options: Options) -> int:
    most = options.model.max_output
    return min(most, options.max_tokens if options.max_tokens is not None else MAX_TOKENS)


def _thinking(options: Options) -> Param:
    """Asks for thinking that can be read: most models sign it and leave the text empty unless told otherwise."""
    model, mode = options.model, mode_in_use(options.model, options.thinking)
    match mode:
        case "off":
            return {"thinking": {"type": "disabled"}}
        case "between_tools":
            return {"thinking": {"type": "between_tools"}}
    if "adaptive" in model.thinking and (options.show_thinking or mode == "on"):
        return {"thinking": {"type": "adaptive", "display": "summarized" if options.show_thinking else "omitted"}}
    budget = budget_in_use(options.thinking_budget, _max_tokens(options))
    if mode == "on" and budget is not None and "adaptive" not in model.thinking:
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}
    return {}


def _effort(options: Options) -> Param:
    effort = effort_in_use(options.model, mode_in_use(options.model, options.thinking), options.effort)
    return {} if effort is None else {"output_config": {"effort": effort}}


def _diagnostics(transcript: Transcript) -> Param:
    """Asks why the cache was missed, if it was: compared with the answer before, where Anthropic gave that one an ID.

    It remembers only requests that ask, so the first of a chat asks as well: there is nothing before it. Source: Anthropic's
    page on cache diagnostics.
    """
    last = next((message.id for message in reversed(transcript.messages) if message.role == "assistant"), "")
    return {"diagnostics": {"previous_message_id": last if last.startswith("msg_") else None}}


def _kept(transcript: Transcript, options: Options) -> list[int]:
    """How many messages two earlier requests of the model had, where it may still have them: the last one that wrote for
    an hour, and the last one of all, if another model has answered since (else `caching` finds it by itself)."""
    model, messages = options.model, transcript.messages
    answers = [at for at, message in enumerate(messages) if message.role == "assistant" and message.usage.total_input]
    mine = [at for at in answers if messages[at].model == model.id]
    hour = next((at for at in reversed(mine) if messages[at].usage.write_1h), None)
    found = [hour] if hour is not None else []
    if mine and mine[-1] not in (hour, answers[-1]):
        found.append(mine[-1])
    return [len(build_messages(messages[:at], model, options.dialect)) for at in found]


def _system(text: str, dialect: Dialect) -> object:
    if dialect == "basic":
        return sendable(text)
    return [{"type": "text", "text": sendable(text)}]
