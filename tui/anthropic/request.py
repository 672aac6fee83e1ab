"""Build the body of a request, as a pure function of the conversation and the options.

`replay` decides which parts of the history are sent, `cache_breakpoints` where the breakpoints are. The same values always
give the same bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from tui.anthropic.betas import betas_of
from tui.anthropic.cache_breakpoints import with_breakpoints
from tui.anthropic.changes_in_chat import ChangesInChat, Param, sendable, tool_param
from tui.anthropic.compaction import compaction_betas, compaction_param, makes_summaries, with_summary_prompt
from tui.anthropic.replay import Dialect, build_changed, build_messages
from tui.chat.ledger import Lifetime
from tui.chat.model import Effort, Model
from tui.chat.reasoning import EffectiveReasoning, Reasoning, effective, sent_at_top
from tui.chat.request import NothingToSend
from tui.chat.thinking import ThinkingMode, budget_in_use, mode_in_use, without_thinking
from tui.chat.transcript import Change, Transcript

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
    change: Change | Literal["next"] | None = "next"
    """The change at the end of the conversation. By default, what the transcript and the effort need there."""
    dialect: Dialect = "anthropic"
    """`basic` sends plain messages, tools and images, and nothing that only Anthropic supports."""
    compact: str | None = None
    """Request a summary of the conversation, with what it has to keep ("": nothing in particular). None: an answer."""

    @property
    def asks_api_for_summary(self) -> bool:
        """True if the API makes the summary."""
        return self.compact is not None and makes_summaries(self.model, self.dialect)


def dialect_for(setting: Literal["auto", "anthropic", "basic"], model: Model) -> Dialect:
    """Return the dialect to use. `auto` means Anthropic's for every known model, wherever it is served."""
    if setting != "auto":
        return setting
    return "anthropic" if model.known else "basic"


class Built(msgspec.Struct, frozen=True):
    """A request, and what it changes at this point of the conversation."""

    body: Param
    change: Change | None = None


def build_body(transcript: Transcript, options: Options) -> Param:
    """Return the request as JSON values, with cache breakpoints. Raises `NothingToSend`."""
    return build(transcript, options).body


def build(transcript: Transcript, options: Options) -> Built:
    """Return the request as JSON values, with cache breakpoints. Raises `NothingToSend`.

    External JSON (tool arguments, schemas, citations) is included as `msgspec.Raw`, byte for byte. Sampling parameters and
    prefilled answers are never sent: current models reject both.
    """
    model = changeable(options.model, options.dialect, options.thinking)
    transcript = _with_valid_thinking(transcript, options.model, model)
    compacts = options.asks_api_for_summary
    if options.compact is not None and not compacts and transcript.messages:
        transcript = with_summary_prompt(transcript, options.compact)
    chosen = Reasoning(thinking=options.thinking, effort=options.effort)
    top = sent_at_top(transcript, model, chosen)

    def next_change(so_far: ChangesInChat) -> Change | None:
        if options.change != "next":
            return options.change
        return so_far.next_change(transcript, effective(model, chosen).effort or "", top.effort or "")

    messages, change = build_changed(transcript, model, options.dialect, next_change)
    ends_in_answer = bool(messages) and messages[-1]["role"] == "assistant"
    if not messages or (ends_in_answer and not compacts and not _is_paused(transcript)):
        raise NothingToSend
    body: Param = {"model": model.id, "max_tokens": _max_tokens(options), "stream": True}
    if options.dialect == "anthropic":
        body |= _thinking(options) | _effort(model, top) | _diagnostics(transcript)
    begins = transcript.for_model(model)
    tools = [tool_param(tool) for tool in begins.tools if not tool.server or options.dialect == "anthropic"]
    if tools and model.tools:
        body["tools"] = tools
    if begins.system.strip():
        body["system"] = _system(begins.system, options.dialect)
    body["messages"] = messages
    if options.compact is not None and compacts:
        body["compaction"] = compaction_param(options.compact)
    if options.dialect == "anthropic":
        body = with_breakpoints(body, model, options.lifetime, _kept(transcript, model))
    return Built(body, change)


def _with_valid_thinking(transcript: Transcript, whole: Model, model: Model) -> Transcript:
    """Return the conversation without thinking if this request leaves out earlier efforts that it is bound to."""
    leaves_out = "effort" in whole.in_chat and "effort" not in model.in_chat
    if leaves_out and any(one.change is not None and one.change.effort for one in transcript.messages):
        return without_thinking(transcript)
    return transcript


def changeable(model: Model, dialect: Dialect, thinking: ThinkingMode | None) -> Model:
    """Return the model with what an open chat can change in this request (`in_chat`).

    Effort needs thinking, and servers that only know plain messages take nothing of it.
    """
    off = mode_in_use(model, thinking) == "off"
    parts = tuple(part for part in model.in_chat if dialect == "anthropic" and not (off and part == "effort"))
    return model if parts == model.in_chat else replace(model, in_chat=parts)


def betas_for(body: bytes, transcript: Transcript, options: Options) -> tuple[str, ...]:
    """Return the betas that this request of the transcript needs."""
    compacts = options.compact is not None
    return (*compaction_betas(transcript, options.model, options.dialect, compacts=compacts), *betas_of(body))


def encode(body: Param) -> bytes:
    """Encode the body as the JSON that is sent."""
    return msgspec.json.encode(body)


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


def _effort(model: Model, top: EffectiveReasoning) -> Param:
    """Return the effort of the whole request. Naming the default explicitly can invalidate the cache."""
    if top.effort is None or top.effort == model.effort_default:
        return {}
    return {"output_config": {"effort": top.effort}}


def _diagnostics(transcript: Transcript) -> Param:
    """Request the reason for a cache miss, compared with the previous answer if Anthropic gave it an ID.

    The API only remembers requests that ask, so the first one of a chat asks too. Source: Anthropic, cache diagnostics.
    """
    last = next((message.id for message in reversed(transcript.messages) if message.role == "assistant"), "")
    return {"diagnostics": {"previous_message_id": last if last.startswith("msg_") else None}}


def _kept(transcript: Transcript, model: Model) -> list[int]:
    """Return the lengths, in messages, of two earlier requests of the model that may still be cached.

    They are the last one that wrote for an hour, and the last one of all if another model has answered since
    (`cache_breakpoints` finds it otherwise).
    """
    messages = transcript.messages
    answers = [at for at, message in enumerate(messages) if message.role == "assistant" and message.usage.total_input]
    mine = [at for at in answers if messages[at].model == model.id]
    hour = next((at for at in reversed(mine) if messages[at].usage.write_1h), None)
    found = [hour] if hour is not None else []
    if mine and mine[-1] not in (hour, answers[-1]):
        found.append(mine[-1])
    # Each ended before its answer, with its `system` message if it had one.
    return [len(build_messages(messages[:at], model, "anthropic")) + (messages[at].change is not None) for at in found]


def _system(text: str, dialect: Dialect) -> object:
    if dialect == "basic":
        return sendable(text)
    return [{"type": "text", "text": sendable(text)}]
