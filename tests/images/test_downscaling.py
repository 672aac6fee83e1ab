"""Requests with many images: each is made small enough, once, and the pretend Anthropic takes them."""

from __future__ import annotations

import base64
import io

from drawing import file, photo
from PIL import Image as Pillow

from tui.anthropic.models import find
from tui.anthropic.request import Options, build_body, encode
from tui.chat.transcript import Image, Message, Text, ToolResult, ToolUse, Transcript
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.images.attach import attach_bytes
from tui.images.downscaling import ImageDownscaler, image_count

SONNET = find("claude-sonnet-5-5")
HEADERS = {"x-api-key": DEMO_KEY, "anthropic-version": "2023-06-01", "content-type": "application/json"}
WIDE = file(photo(2500, 100), "JPEG", quality=70)


def told(transcript):
    """What the pretend Anthropic answers: the status, and the body as text."""
    reply = FakeAnthropic().respond(
        "POST", "/v1/messages", HEADERS, encode(build_body(transcript, Options(model=SONNET)))
    )
    return reply.status, reply.read().decode()


def history(images, in_tool=0):
    asked = Message(role="user", blocks=(*[attach_bytes(WIDE, "a.jpg", SONNET)] * images, Text("?")))
    call = Message(role="assistant", blocks=(ToolUse("toolu_1", "look"),), stop_reason="tool_use")
    content = (attach_bytes(WIDE, "b.jpg", SONNET),) * in_tool
    answered = Message(role="user", blocks=(ToolResult("toolu_1", content),))
    return Transcript(messages=(asked, call, answered) if in_tool else (asked,))


def test_twenty_images_go_as_they_are():
    transcript = history(19, in_tool=1)
    assert image_count(transcript) == 20
    assert ImageDownscaler().fit(transcript) is transcript
    assert told(transcript)[0] == 200


def test_beyond_twenty_the_large_ones_are_made_smaller():
    transcript = history(19, in_tool=2)
    assert image_count(transcript) == 21
    status, answer = told(transcript)
    assert status == 400
    assert "many-image requests" in answer
    fitted = ImageDownscaler().fit(transcript)
    assert told(fitted)[0] == 200
    first, inner = fitted.messages[0].blocks[0], fitted.messages[2].blocks[0].content[1]
    assert (first.name, first.width, inner.name, inner.width) == ("a.jpg", 2000, "b.jpg", 2000)
    assert fitted.messages[1] is transcript.messages[1]
    assert ImageDownscaler().fit(transcript) == fitted == ImageDownscaler().fit(fitted)


def test_each_is_made_once_and_later_turns_send_the_same_bytes():
    smaller = ImageDownscaler()
    first = smaller.fit(history(21))
    again = Image(**{**fields(history(1).messages[0].blocks[0]), "name": "copy.jpg"})
    later = smaller.fit(history(21).with_message(Message(role="user", blocks=(again, Text("and this?")))))
    one, copy = first.messages[0].blocks[0], later.messages[1].blocks[0]
    assert later.messages[0].blocks[20].data is one.data
    assert copy.data is one.data
    assert copy.name == "copy.jpg"


def test_small_ones_are_left_alone():
    small = attach_bytes(file(photo(300, 200), "JPEG"), "s.jpg", SONNET)
    message = Message(role="user", blocks=(small,) * 21)
    transcript = Transcript(messages=(message,))
    assert ImageDownscaler().fit(transcript).messages[0] is message


def test_one_of_unknown_size_is_looked_at():
    bare = Image("image/jpeg", base64.b64encode(WIDE).decode())
    fitted = ImageDownscaler().fit(Transcript(messages=(Message(role="user", blocks=(bare,) * 21),)))
    with Pillow.open(io.BytesIO(base64.b64decode(fitted.messages[0].blocks[0].data))) as image:
        assert image.size == (2000, 80)


def test_what_was_set_aside_does_not_count():
    image = Image("image/jpeg", base64.b64encode(WIDE).decode(), quarantined=True)
    transcript = Transcript(messages=(Message(role="user", blocks=(image,)), *history(20).messages))
    assert image_count(transcript) == 20
    assert ImageDownscaler().fit(transcript) is transcript


def test_an_image_nobody_can_read_is_left_to_the_api():
    for data in (base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(), "no base64 at all!"):
        transcript = Transcript(messages=(Message(role="user", blocks=(Image("image/png", data),) * 21),))
        assert ImageDownscaler().fit(transcript) == transcript


def fields(image):
    return {name: getattr(image, name) for name in image.__struct_fields__}
