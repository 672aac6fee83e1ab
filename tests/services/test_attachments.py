"""Images on the command line: attached files and markers in the prompt, and what a whole request may hold.

The simulator refuses what the API would refuse, so an answer means that the request was fine.
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from tui.anthropic.models import find
from tui.chat.transcript import Document, Message, ToolResult, Transcript
from tui.chat.transcript import Image as ImageBlock
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.services.attachments import AttachmentResolver, TooMuch, prepare_files, within_one_request

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
)


def pdf(pages: int) -> bytes:
    return PDF.replace(b"/Count 1", b"/Count %d" % pages) + b"\n" + b"<</Type/Page>>" * (pages - 1)


def png(width: int = 20, height: int = 10, colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def marker(data: bytes, label: str = "image/png") -> str:
    return f"[IMAGE:data:{label};base64,{base64.b64encode(data).decode()}]"


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


@pytest.fixture
def env(server: Server[FakeAnthropic]) -> dict[str, str]:
    return {
        **os.environ,
        "ANTHROPIC_API_KEY": DEMO_KEY,
        "ANTHROPIC_BASE_URL": server.url,
        "PYTHONPATH": str(ROOT),
    }


def prx(*args: str, env: dict[str, str], cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tui", "-p", *args]
    run = subprocess.run(command, input=stdin, capture_output=True, env=env, cwd=cwd, timeout=60, text=True)
    assert "Traceback" not in run.stderr, run.stderr
    return run


def content(server: Server[FakeAnthropic]) -> Any:
    return server.requests[0].json["messages"][-1]["content"]


def test_files_stand_before_the_prompt(server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a b.png").write_bytes(png())
    (tmp_path / "two.pdf").write_bytes(PDF)
    run = prx("-a", "a b.png", "-a", "two.pdf", "what is it?", env=env, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    image, document, text = content(server)
    assert image["source"]["media_type"] == "image/png"
    assert base64.b64decode(document["source"]["data"]) == PDF
    assert text["text"] == "what is it?"


def test_a_large_photo_is_sent_as_the_model_sees_it(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    Image.effect_noise((4000, 3000), 60).save(tmp_path / "photo.jpg")
    assert prx("-a", "photo.jpg", "-m", "claude-haiku-4-5", "and?", env=env, cwd=tmp_path).returncode == 0
    sent = base64.b64decode(content(server)[0]["source"]["data"])
    with Image.open(io.BytesIO(sent)) as image:
        assert max(image.size) <= 1568


def test_what_was_left_out_of_an_animation_is_noted(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    frames = [Image.new("RGB", (56, 28), colour) for colour in ("teal", "red")]
    frames[0].save(tmp_path / "waves.gif", save_all=True, append_images=frames[1:])
    run = prx("-a", "waves.gif", "what is it?", env=env, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "waves.gif: only the first frame of the animation is sent" in run.stderr
    assert "only the first frame" not in run.stdout


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_file_that_cannot_be_attached_ends_it_before_anything_is_sent(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path, output: str
) -> None:
    (tmp_path / "good.png").write_bytes(png())
    run = prx("-a", "good.png", "-a", "gone.png", "hm", "--output-format", output, env=env, cwd=tmp_path)
    assert run.returncode == 1
    if output == "json":
        assert json.loads(run.stdout)["error"]["type"] == "cannot_attach"
    assert "gone.png does not exist" in run.stderr + run.stdout
    assert server.requests == []


def test_markers_become_images_where_they_stand(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    red, blue = png(colour="red"), png(colour="blue")
    # The first is labelled as what it is not, the second is broken, the last never ends.
    piped = f"See {marker(red, 'image/jpeg')}  {marker(blue)} and [IMAGE:data:image/png;base64,!!] {marker(red)[:-9]}"
    assert prx("Compare:", env=env, cwd=tmp_path, stdin=piped).returncode == 0
    first, one, two, rest = content(server)
    assert first["text"] == "Compare:\n\nSee "
    assert [base64.b64decode(block["source"]["data"]) for block in (one, two)] == [red, blue]
    assert one["source"]["media_type"] == "image/png"
    assert rest["text"].startswith(" and [IMAGE:data:image/png;base64,!!] [IMAGE:data:")


def test_above_twenty_images_each_is_made_small_enough(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    large = png(2400, 600)
    prompt = marker(png()) * 20 + marker(large)
    run = prx(env=env, cwd=tmp_path, stdin=prompt)
    assert run.returncode == 0, run.stderr
    with Image.open(io.BytesIO(base64.b64decode(content(server)[-1]["source"]["data"]))) as image:
        assert image.size == (2000, 500)


def test_more_images_than_the_model_takes_are_refused_in_one_sentence(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    run = prx("-m", "claude-haiku-4-5", env=env, cwd=tmp_path, stdin=marker(png()) * 101)
    assert run.returncode == 1
    assert "This chat has 101 images. Haiku 4.5 accepts 100 in one request." in run.stderr
    assert server.requests == []


def test_the_pages_of_all_pdfs_count_together(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    env = {**env, "PRX_HOME": str(tmp_path / "prx")}
    (tmp_path / "one.pdf").write_bytes(pdf(60))
    (tmp_path / "two.pdf").write_bytes(pdf(41))
    haiku = ("-m", "claude-haiku-4-5")
    run = prx("-a", "one.pdf", "-a", "two.pdf", *haiku, "compare", env=env, cwd=tmp_path)
    assert run.returncode == 1
    assert "one.pdf and two.pdf have 101 pages. Haiku 4.5 accepts 100 in one request." in run.stderr
    assert server.requests == []
    assert prx("-a", "one.pdf", *haiku, "read", env=env, cwd=tmp_path).returncode == 0
    run = prx("-c", "-a", "two.pdf", *haiku, "and this", env=env, cwd=tmp_path)
    assert "one.pdf and two.pdf have 101 pages" in run.stderr
    run = prx("-c", "-a", "two.pdf", "-m", "claude-sonnet-5-5", "and this", env=env, cwd=tmp_path)
    assert run.returncode == 0, run.stderr


async def test_of_many_pdfs_some_are_named() -> None:
    pdfs = tuple(Document("application/pdf", "AAAA", f"{at}.pdf", 30) for at in range(9))
    result = ToolResult("toolu_1", (*pdfs[1:], msgspec.structs.replace(pdfs[0], quarantined=True)))
    transcript = Transcript(messages=(Message(role="user", blocks=(pdfs[0], result)),))
    with pytest.raises(TooMuch, match=r"^0.pdf, 1.pdf, 2.pdf and 6 more have 270 pages. Haiku 4.5 accepts 100 "):
        await AttachmentResolver(lambda: find("claude-haiku-4-5-20251001")).fit(transcript)


def test_a_refused_picture_does_not_come_up_again_with_c(
    server: Server[FakeAnthropic], env: dict[str, str], tmp_path: Path
) -> None:
    env = {**env, "PRX_HOME": str(tmp_path / "prx")}
    (tmp_path / "bad.png").write_bytes(png(colour="red"))
    server.service.rejected_images.add(base64.b64encode(png(colour="red")).decode())
    run = prx("-a", "bad.png", "look", env=env, cwd=tmp_path)
    assert run.returncode == 1
    assert "will not be sent again" in run.stderr
    run = prx("-c", "and without it?", env=env, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    messages = server.requests[-1].json["messages"]
    assert [block["type"] for message in messages for block in message["content"]] == ["text"] * 3


async def test_a_conversation_below_the_limits_is_left_alone() -> None:
    image = ImageBlock("image/png", "AAAA", width=2400, height=600)
    transcript = Transcript(messages=(Message(role="user", blocks=(image,) * 20),))
    assert await AttachmentResolver(lambda: find("claude-sonnet-5-5")).fit(transcript) is transcript


def test_no_files_are_no_attachments() -> None:
    assert prepare_files((), find("claude-sonnet-5-5"), print) == ()


def test_a_body_above_32_mb_is_never_sent() -> None:
    assert within_one_request(b"x" * 2**25) == b"x" * 2**25
    with pytest.raises(TooMuch, match=r"this request has 33 MB\. The API accepts 32 MB"):
        within_one_request(b"x" * (33 * 2**20))
