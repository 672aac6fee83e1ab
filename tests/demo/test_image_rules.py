"""Images: kind and size from their bytes, the limits, and what they count in tokens."""

from __future__ import annotations

import base64
import contextlib
import io
import struct

import pytest
from asking import ask, assistant, complaint, request, text, user
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from tui.anthropic.models import find
from tui.demo.image_limits import BadPicture, read_picture
from tui.demo.service import FakeAnthropic
from tui.demo.tokens import image_tokens, resized

HIGH, STANDARD = (2576, 4784), (1568, 1568)


def drawn(kind, width=40, height=30, **options):
    """A real image file, made by an independent library."""
    out = io.BytesIO()
    Pillow.new("RGB", (width, height), "teal").save(out, kind, **options)
    return out.getvalue()


def png(width, height):
    """The beginning of a PNG file of any size."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x02\0\0\0"


def image(data, media_type="image/png"):
    source = {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}
    return {"type": "image", "source": source}


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("image/png", drawn("PNG")),
        ("image/gif", drawn("GIF")),
        ("image/jpeg", drawn("JPEG")),
        ("image/jpeg", drawn("JPEG", progressive=True)),
        ("image/jpeg", drawn("JPEG", exif=b"Exif\0\0" + b"\xff" * 3000)),
        ("image/webp", drawn("WEBP")),
        ("image/webp", drawn("WEBP", lossless=True)),
        ("image/webp", drawn("WEBP", exif=b"Exif\0\0MM")),
    ],
)
def test_kind_and_size_are_read_from_the_bytes(media_type, data):
    assert read_picture(data) == (media_type, 40, 30)
    assert ask(FakeAnthropic(), request(user(image(data, media_type), text("?")))).status == 200


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP"]),
)
def test_broken_bytes_are_a_bad_picture_and_nothing_worse(data, start):
    with contextlib.suppress(BadPicture):
        read_picture(start + data)


@pytest.mark.parametrize("data", [drawn("PNG")[:20], drawn("JPEG")[:15], b"plain text", b""])
def test_what_is_no_image_is_refused(data):
    assert complaint(ask(FakeAnthropic(), request(user(image(data), text("?"))))) == "Could not process image"


def test_the_declared_kind_must_be_the_real_one():
    reply = ask(FakeAnthropic(), request(user(image(drawn("JPEG"), "image/png"), text("?"))))
    assert reply.status == 400
    assert "image/jpeg" in complaint(reply)


def test_base64_must_be_plain():
    for data in ("data:image/png;base64,AAAA", "AAA\nAAA=", "%%%"):
        source = {"type": "base64", "media_type": "image/png", "data": data}
        reply = ask(FakeAnthropic(), request(user({"type": "image", "source": source}, text("?"))))
        assert "Invalid base64 data" in complaint(reply)


def test_ten_megabytes_of_base64_are_the_limit():
    largest = png(10, 10) + bytes(7_864_320 - 29)
    assert ask(FakeAnthropic(), request(user(image(largest), text("?")))).status == 200
    reply = ask(FakeAnthropic(), request(user(image(largest + b"xxx"), text("?"))))
    assert complaint(reply) == (
        "messages.0.content.0.image.source.base64: image exceeds 10 MB maximum: 10485764 bytes > 10485760 bytes"
    )


def test_no_side_may_be_over_8000_pixels():
    assert ask(FakeAnthropic(), request(user(image(png(8000, 10)), text("?")))).status == 200
    assert "8000 pixels" in complaint(ask(FakeAnthropic(), request(user(image(png(10, 8001)), text("?")))))


def test_with_more_than_twenty_images_no_side_may_be_over_2000_pixels():
    small, large = image(png(2000, 2000)), image(png(2001, 10))
    assert ask(FakeAnthropic(), request(user(*[small] * 19, large, text("?")))).status == 200
    assert ask(FakeAnthropic(), request(user(*[small] * 21, text("?")))).status == 200
    reply = ask(FakeAnthropic(), request(user(*[small] * 20, large, text("?"))))
    assert "many-image requests" in complaint(reply)
    assert reply.json()["error"]["details"] == {
        "error_code": "image_dimensions_too_large",
        "max_side_length_pixels": 2000,
        "paths": ["messages.0.content.20"],
    }


@pytest.mark.parametrize(("model", "most"), [("claude-haiku-4-5", 100), ("claude-sonnet-5-5", 600)])
def test_the_pages_of_all_pdfs_count_together(model, most):
    def pdf(pages):
        data = base64.b64encode(b"%PDF-1.4\n" + b"<</Type/Page>>" * pages).decode()
        return {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": data}}

    # Pages count 2000 tokens each: a model's window holds fewer than the limit allows, and it is said after that.
    body = request(user(pdf(most - 1), pdf(1), pdf(1), text("?")), model=model)
    assert complaint(ask(FakeAnthropic(), body)) == f"A maximum of {most} PDF pages may be provided."
    body = request(user(pdf(most - 1), pdf(1), text("?")), model=model)
    assert "PDF pages" not in ask(FakeAnthropic(), body).read().decode()


def test_images_in_tool_results_count_as_well():
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [image(png(9000, 10))]}
    reply = ask(FakeAnthropic(), request(user("Look"), assistant(text("Well."), call), user(result, text("?"))))
    assert complaint(reply).startswith("messages.2.content.0.tool_result.content.0.image.source.base64")


def test_an_image_can_be_spoilt_wherever_it_stands():
    good, bad = image(png(10, 10)), image(png(11, 11))
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("chart"), bad]}
    service = FakeAnthropic()
    service.rejected_images.add(bad["source"]["data"])
    assert ask(service, request(user(good, text("?")))).status == 200
    said = "image.source.base64.data: Could not process image"
    assert complaint(ask(service, request(user(good, bad, text("?"))))) == f"messages.0.content.1.{said}"
    reply = ask(service, request(user("Look"), assistant(call), user(result)))
    assert complaint(reply) == f"messages.2.content.0.tool_result.content.1.{said}"


def test_a_bad_picture_is_refused_for_as_long_as_it_is_there():
    body = request(user(image(png(10, 10)), text("bad picture")))
    assert complaint(ask(FakeAnthropic(), body)).startswith("messages.0.content.0.image")
    assert ask(FakeAnthropic(), request(user(text("[image left out]"), text("bad picture")))).status == 200


def test_so_many_images_and_no_more():
    many = [image(png(10, 10))] * 101
    assert ask(FakeAnthropic(), request(user(*many, text("?")))).status == 200
    reply = ask(FakeAnthropic(), request(user(*many, text("?")), model="claude-haiku-4-5"))
    assert complaint(reply) == "too many images: 101 > 100"


def test_counting_does_not_mind_large_images():
    body = request(user(image(png(9000, 10)), text("?")))
    del body["max_tokens"]
    assert ask(FakeAnthropic(), body, path="/v1/messages/count_tokens").status == 200


@pytest.mark.parametrize(
    ("size", "limits", "seen", "tokens"),
    [
        ((200, 200), STANDARD, (200, 200), 64),
        ((1000, 1000), STANDARD, (1000, 1000), 1296),
        ((1920, 1080), STANDARD, (1456, 819), 1560),
        ((1920, 1080), HIGH, (1920, 1080), 2691),
        ((2000, 1500), STANDARD, (1269, 952), 1564),
        ((3840, 2160), HIGH, (2576, 1449), 4784),
    ],
)
def test_the_documented_sizes_come_out(size, limits, seen, tokens):
    assert resized(*size, *limits) == seen
    model = find("claude-sonnet-5-5" if limits == HIGH else "claude-sonnet-4-6")
    assert image_tokens(*size, model) == tokens


def test_an_image_is_billed_by_its_size():
    body = request(user(image(png(200, 200)), text("abcd")), model="claude-sonnet-4-6")
    assert ask(FakeAnthropic(), body).json()["usage"]["input_tokens"] == 64 + 1
