"""Build the body of a request, as a pure function of the conversation and the options.

`replay` decides which parts of the history are sent, `cache_breakpoints` where the breakpoints are. The same values always
give the same bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tui.anthropic.cache_breakpoints import with_breakpoints
from tui.anthropic.replay import Dialect, Param, build_messages, sendable
from tui.chat.ledger import Lifetime
from tui.chat.model import Effort, Model
from tui.chat.request import NothingToSend
from tui.chat.thinking import ThinkingMode, budget_in_use, effort_in_use, mode_in_use
from tui.chat.transcript import Tool, Transcript
from tui.inputs.bounded import decode_json

MAX_TOKENS = 64_000
"""Default limit of an answer: more than any chat needs, and half of what the largest models allow."""
THINKING_BUDGET = 16_000
"""Default thinking budget, for models that think with a budget."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the next request."""

    model: Model
    max_tokens: int | None = None
    effort: Effort | None = None
    show_thinking: bool = True
    """Request readable thinking. Models that think by default do so anyway, invisibly."""
    thinking: ThinkingMode | None = None
    """Used if the model has that mode. None: adaptive if supported, else the model's default."""
    thinking_budget: int = THINKING_BUDGET
    """For models without adaptive thinking."""
    lifetime: Lifetime = "5m"
    """Lifetime of the cache entries that this request writes."""
    dialect: Dialect = "anthropic"
    """`basic` sends plain messages, tools and images, and nothing that only Anthropic supports."""


def dialect_for(setting: Literal["auto", "anthropic", "basic"], model: Model) -> Dialect:
    """Return the dialect to use. `auto` means Anthropic's for every known model, wherever it is served."""
    if setting != "auto":
        return setting
    return "anthropic" if model.known else "basic"


def build_body(transcript: Transcript, options: Options) -> Param:
    """Return the request as JSON values, with cache breakpoints. Raises `NothingToSend`.

    External JSON (tool arguments, schemas, citations) is included as `msgspec.Raw`, byte for byte. Sampling parameters and
    prefilled answers are never sent: current models reject both.
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
    """Encode the body as the JSON that is sent."""
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
    """Request readable thinking: most models return signed but empty thinking unless told otherwise."""
    model, mode = options.model, mode_in_use(options.model, options.thinking)
    if mode == "off":
        return {"thinking": {"type": "disabled" if "disabled" in model.thinking else "between_tools"}}
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
    """Request the reason for a cache miss, compared with the previous answer if Anthropic gave it an ID.

    The API only remembers requests that ask, so the first one of a chat asks too. Source: Anthropic, cache diagnostics.
    """
    last = next((message.id for message in reversed(transcript.messages) if message.role == "assistant"), "")
    return {"diagnostics": {"previous_message_id": last if last.startswith("msg_") else None}}


def _kept(transcript: Transcript, options: Options) -> list[int]:
    """Return the lengths, in messages, of two earlier requests of the model that may still be cached.

    They are the last one that wrote for an hour, and the last one of all if another model has answered since
    (`cache_breakpoints` finds it otherwise).
    """
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
