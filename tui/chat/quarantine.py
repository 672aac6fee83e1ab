"""Quarantine blocks that the API rejected.

A rejected image or document stays in the conversation and is shown, but is never sent again. Tools of the provider's
servers that a request may not offer are dropped from the conversation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from tui.chat.transcript import Block, BlockPosition, Document, Failure, Image, Message, ToolResult, Transcript

_NAMED = 2
"""Name the blocks in the hint if there are at most this many."""


def quarantine(transcript: Transcript, places: Collection[BlockPosition]) -> tuple[Transcript, Mapping[int, Message]]:
    """Return the transcript with the images and documents at `places` quarantined, and the changed messages by
    their index.
    """
    changed: dict[int, Message] = {}
    for place in places:
        number = place.message
        changed[number] = _with_quarantined(changed.get(number, transcript.messages[number]), place)
    messages = tuple(changed.get(number, message) for number, message in enumerate(transcript.messages))
    return replace(transcript, messages=messages), changed


def with_rejected_blocks(failure: Failure, places: Sequence[BlockPosition], transcript: Transcript) -> Failure:
    """Return the failure with the positions of the rejected blocks, and a hint that says what happened to them."""
    return replace(failure, rejected_blocks=tuple(places), hint=_hint(places, transcript)) if places else failure


def with_dropped_tools(failure: Failure, names: Sequence[str]) -> Failure:
    """Return the failure with a hint that these tools were dropped from the conversation."""
    which = " and ".join(name.replace("_", " ") for name in names)
    return replace(failure, hint=f"{which.capitalize()} is now off in this chat. Send again. {failure.hint}".strip())


def _hint(places: Sequence[BlockPosition], transcript: Transcript) -> str:
    names = [_name(transcript, place) for place in places]
    is_one = len(names) == 1
    which = " and ".join(names) if all(names) and len(names) <= _NAMED else "It" if is_one else "They"
    was, it = ("was", "it") if is_one else ("were", "them")
    return f"{which} {was} rejected and will not be sent again. Send again to continue without {it}."


def _name(transcript: Transcript, place: BlockPosition) -> str:
    """Return the file name of the block, or "" if it has none."""
    block: Block = transcript.messages[place.message].blocks[place.block]
    if isinstance(block, ToolResult) and place.inner is not None:
        block = block.content[place.inner]
    return block.name if isinstance(block, Image | Document) else ""


def _with_quarantined(message: Message, place: BlockPosition) -> Message:
    blocks = list(message.blocks)
    blocks[place.block] = _quarantined(blocks[place.block], place.inner)
    return replace(message, blocks=tuple(blocks))


def _quarantined(block: Block, inner: int | None) -> Block:
    match block:
        case Image() | Document():
            return replace(block, quarantined=True)
        case ToolResult(content=content) if inner is not None:
            parts = tuple(
                replace(part, quarantined=True) if number == inner and isinstance(part, Image | Document) else part
                for number, part in enumerate(content)
            )
            return replace(block, content=parts)
    return block
