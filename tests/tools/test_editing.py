"""Files are changed as the diff said, or not at all."""

from __future__ import annotations

import asyncio
import re
import resource
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.calling import NO, YES, Tools, contents, words
from tui.chat.tools import PermissionDecision, PermissionRequest
from tui.tools.diffs import unified
from tui.tools.editing import edited
from tui.tools.texts import FileText, decoded
from tui.tools.tool import Failed

pytestmark = pytest.mark.anyio


def meanwhile(act: Callable[[], object]) -> Callable[[PermissionRequest], PermissionDecision]:
    """A user who says yes, after something else has happened."""

    def answer(_: PermissionRequest) -> PermissionDecision:
        act()
        return YES

    return answer


async def test_a_file_is_created_with_its_folders(tmp_path: Path) -> None:
    tools = Tools(tmp_path)
    assert await tools.text("write_file", path="a/b/c.txt", content="one\ntwo") == "a/b/c.txt was created."
    assert (tmp_path / "a/b/c.txt").read_text() == "one\ntwo"
    (question,) = tools.asked
    assert (question.kind, question.title, question.folder) == ("diff", "Create a file", str(tmp_path))
    assert question.detail == (
        "--- /dev/null\n+++ b/a/b/c.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n\\ No newline at end of file\n"
    )
    assert question.rules == ("write_file(a/b/c.txt)", "write_file(a/b/**)", "write_file(**)")
    assert sorted(path.name for path in (tmp_path / "a/b").iterdir()) == ["c.txt"]


async def test_an_edit_replaces_one_place_and_shows_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("".join(f"line {number}\n" for number in range(1, 21)))
    tools = Tools(tmp_path)
    assert await tools.text("edit_file", path="a.py", old="line 10\n", new="ten\n") == "a.py was changed."
    assert tools.asked[0].detail.splitlines() == [
        *("--- a/a.py", "+++ b/a.py", "@@ -7,7 +7,7 @@", " line 7", " line 8", " line 9", "-line 10", "+ten"),
        *(" line 11", " line 12", " line 13"),
    ]
    assert "ten\n" in (tmp_path / "a.py").read_text()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("missing", "x", "old does not occur in the file; read it again."),
        ("a  b", "x", "the same words do, with other blanks"),
        ("a b\nother", "x", "its first line does, in line 1"),
        ("a", "x", "old occurs 3 times (lines 1, 2, 3)."),
        ("c", "c", "old and new are the same."),
    ],
)
async def test_an_edit_that_is_not_clear_changes_nothing(tmp_path: Path, old: str, new: str, told: str) -> None:
    (tmp_path / "f").write_text("a b\na\na c\n")
    tools = Tools(tmp_path)
    assert told in await tools.failure("edit_file", path="f", old=old, new=new)
    assert tools.asked == []
    assert (tmp_path / "f").read_text() == "a b\na\na c\n"


async def test_all_replaces_all(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a b\na\na c\n")
    assert await Tools(tmp_path).text("edit_file", path="f", old="a", new="x", all=True) == "f was changed in 3 places."
    assert (tmp_path / "f").read_text() == "x b\nx\nx c\n"


async def test_a_no_leaves_the_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a\n")
    tools = Tools(tmp_path, answer=NO)
    await tools.failure("edit_file", path="f", old="a", new="b")
    await tools.failure("write_file", path="f", content="b")
    await tools.failure("write_file", path="new", content="b")
    assert contents(tmp_path) == {"f": "a\n"}


async def test_a_file_that_changed_between_question_and_answer_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a\n")
    tools = Tools(tmp_path, answer=meanwhile(lambda: file.write_text("a\nmine\n")))
    assert "was changed in the meantime" in await tools.failure("edit_file", path="f", old="a", new="b")
    assert file.read_text() == "a\nmine\n"
    tools = Tools(tmp_path, answer=meanwhile(file.unlink))
    assert "deleted in the meantime" in await tools.failure("edit_file", path="f", old="mine", new="b")
    tools = Tools(tmp_path, answer=meanwhile(lambda: file.write_text("mine")))
    assert "in the meantime" in await tools.failure("write_file", path="f", content="b")
    assert contents(tmp_path) == {"f": "mine"}


@pytest.mark.parametrize(
    ("name", "arguments", "told", "left"),
    [
        ("edit_file", {"old": "b", "new": "B"}, "f was changed.", "A\nB\n"),
        ("edit_file", {"old": "\nb", "new": "\nB"}, "f was changed.", "A\nB\n"),
        ("edit_file", {"old": "b", "new": "x", "all": True}, "not what was agreed to", "bA\nb\n"),
        ("edit_file", {"old": "a\nb", "new": "x"}, "old does not occur in the file", "A\nb\n"),
        ("write_file", {"content": "mine"}, "was changed in the meantime", "A\nb\n"),
    ],
)
async def test_of_two_changes_that_were_asked_together_neither_undoes_the_other(
    tmp_path: Path, name: str, arguments: dict[str, object], told: str, left: str
) -> None:
    (tmp_path / "f").write_text("a\nb\n")
    tools = Tools(tmp_path, answer=None)
    first = asyncio.create_task(tools.call("edit_file", path="f", old="a", new=left.partition("\n")[0]))
    await tools.questions(1)
    second = asyncio.create_task(tools.call(name, path="f", **arguments))
    await tools.questions(2)
    tools.gate.answer("call_1", YES)
    assert not (await first).is_error
    tools.gate.answer("call_2", YES)
    assert told in words(await second)
    assert contents(tmp_path) == {"f": left}


async def test_edits_at_the_same_moment_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("".join(f"<{number}>\n" for number in range(20)))
    tools = Tools(tmp_path, rules=["edit_file(**)"])
    await asyncio.gather(*(tools.text("edit_file", path="f", old=f"<{n}>", new=f"[{n}]") for n in range(20)))
    assert contents(tmp_path)["f"] == "".join(f"[{number}]\n" for number in range(20))


async def test_a_link_that_appears_meanwhile_is_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out.txt"
    folder.mkdir()
    outside.write_text("a\n")
    (folder / "f").write_text("a\n")

    def swap() -> None:
        (folder / "f").unlink()
        (folder / "f").symlink_to(outside)

    await Tools(folder, answer=meanwhile(swap)).failure("edit_file", path="f", old="a", new="b")
    assert outside.read_text() == "a\n"


async def test_a_difference_that_nobody_can_judge_is_not_asked_about(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a line\n" * 200_000)
    tools = Tools(tmp_path)
    assert "too many to review" in await tools.failure("write_file", path="f", content="b")
    assert tools.asked == []


async def test_outside_the_folder_the_whole_path_is_shown(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    tools = Tools(tmp_path / "in")
    await tools.text("write_file", path="../out.txt", content="b\n")
    await tools.text("edit_file", path="../out.txt", old="b", new="c")
    assert [question.title for question in tools.asked] == [
        "Create a file outside the folder",
        "Change a file outside the folder",
    ]
    path = tmp_path / "out.txt"
    assert tools.asked[0].detail.startswith(f"--- /dev/null\n+++ {path}\n")
    assert tools.asked[1].detail.startswith(f"--- {path}\n+++ {path}\n")


async def test_a_name_as_long_as_names_can_be(tmp_path: Path) -> None:
    name = "\N{SNOWMAN}" * 85
    await Tools(tmp_path).text("write_file", path=name, content="a")
    await Tools(tmp_path).text("edit_file", path=name, old="a", new="b")
    assert contents(tmp_path) == {name: "b"}


async def test_the_mode_stays_and_a_link_stays_a_link(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o4750)  # the first bit would have it run as its owner, whoever wrote what is in it
    (tmp_path / "link").symlink_to("run.sh")
    await Tools(tmp_path).text("edit_file", path="link", old="sh", new="bash")
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert (tmp_path / "link").is_symlink()
    assert script.read_text() == "#!/bin/bash\n"


async def test_a_new_file_has_the_rights_of_new_files(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    await Tools(tmp_path).text("write_file", path="new", content="x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


async def test_a_write_protected_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a")
    (tmp_path / "f").chmod(0o444)
    assert "write-protected" in await Tools(tmp_path).failure("write_file", path="f", content="b")


async def test_what_is_no_text_is_not_edited(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    tools = Tools(tmp_path)
    assert "not a text file" in await tools.failure("edit_file", path="f", old="PNG", new="x")
    assert "not a text file" in await tools.failure("write_file", path="f", content="x")


async def test_a_file_that_is_so_already_is_not_asked_about(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("same")
    tools = Tools(tmp_path)
    assert "exactly this content" in await tools.failure("write_file", path="f", content="same")
    assert tools.asked == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_encoding_and_line_ends_stay(tmp_path: Path, encoding: str, end: str) -> None:
    (tmp_path / "f").write_bytes(f"caf\xe9{end}two{end}".encode(encoding))
    tools = Tools(tmp_path)
    guess = "(read as Windows-1252, which is a guess)\n" if encoding == "cp1252" else ""
    assert await tools.text("read_file", path="f") == f"{guess}1\tcaf\xe9\n2\ttwo"
    await tools.text("edit_file", path="f", old="two\n", new="2\n\xfc\n")
    assert (tmp_path / "f").read_bytes() == f"caf\xe9{end}2{end}\xfc{end}".encode(encoding)
    await tools.text("write_file", path="f", content="new\n")
    assert (tmp_path / "f").read_bytes() == f"new{end}".encode(encoding)


async def test_a_character_that_the_files_encoding_lacks_is_told(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"caf\xe9\n")
    assert "cp1252, which has no" in await Tools(tmp_path).failure("edit_file", path="f", old="caf", new="\u4f60")


async def test_a_disk_that_takes_no_more_leaves_the_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a")
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, was[1]))
    try:
        for name in ("f", "new"):
            assert "File too large" in await Tools(tmp_path).failure("write_file", path=name, content="b" * 5_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
    assert contents(tmp_path) == {"f": "a"}


_line = st.text(st.sampled_from("ab \t\\+-@"), max_size=3)
_text = st.builds(lambda lines, end: "\n".join(lines) + end, st.lists(_line, max_size=12), st.sampled_from(["", "\n"]))


@given(_text, _text)
def test_the_diff_is_whole_and_exact(old: str, new: str) -> None:
    diff = unified(old, new, "f")
    assert applied(old, diff) == new
    assert (diff == "") is (old == new)


@pytest.mark.skipif(not shutil.which("git"), reason="git is asked")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(_text, _text)
def test_and_git_reads_it_the_same_way(tmp_path: Path, old: str, new: str) -> None:
    file = tmp_path / "f"
    file.write_text(old)
    diff = unified(old, new, "f")
    if diff and old:
        subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff, text=True, check=True, capture_output=True)
        assert (file.read_text() if file.exists() else "") == new


def test_a_diff_of_texts_that_share_nothing_is_quick_and_whole() -> None:
    old = "".join(f"{number % 7}\n" for number in range(20_000))
    new = "".join(f"{number % 5}\n" for number in range(20_000))
    assert applied(old, unified(old, new, "f")) == new


def applied(old: str, diff: str) -> str:
    """What a unified diff makes of a text: by what its lines say, and nothing else."""
    if not diff:
        return old
    before = re.findall(r"[^\n]*\n|[^\n]+", old)
    after: list[str] = []
    at, last = 0, ""
    for line in diff.split("\n")[2:-1]:
        if line.startswith("@@"):
            found = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line)
            assert found
            start = int(found[1]) - (found[2] != "0")
            after += before[at:start]
            at = start
        elif line.startswith("\\"):
            if last != "-":
                after[-1] = after[-1].removesuffix("\n")
        else:
            last = line[0]
            if last in " -":
                assert before[at].removesuffix("\n") == line[1:]
                at += 1
            if last in " +":
                after.append(f"{line[1:]}\n")
    return "".join([*after, *before[at:]])


_piece = st.text(st.sampled_from("ab\n"), max_size=6)


@given(st.text(st.sampled_from("ab\n"), max_size=20), _piece.filter(bool), _piece, st.booleans())
def test_an_edit_is_exact_or_refused(text: str, old: str, new: str, every: bool) -> None:
    places = sum(1 for at in range(len(text)) if text.startswith(old, at))
    try:
        changed, count = edited(text, old, new, every=every)
    except Failed:
        assert places != 1 or old == new
        return
    assert changed != text or every
    assert count >= 1
    if not every:
        before, after = text.split(old, 1)
        assert changed == before + new + after


@given(st.binary(max_size=40))
def test_any_bytes_are_a_text_that_is_written_back_as_it_was_or_none(data: bytes) -> None:
    written = decoded(data)
    if written is not None:
        assert written.encoded(written.text) == data


def test_a_text_with_mixed_line_ends_is_taken_as_it_is() -> None:
    written = decoded(b"a\r\nb\nc\r")
    assert written == FileText("a\r\nb\nc\r")
