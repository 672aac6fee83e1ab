"""Whatever a server sends, `prx -p` ends with an answer or a sentence, keeps what had arrived, and stays small.

Sizes are those at which everything that happens has happened; `make bounds` tries 200 MB of each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hostile import BEGUN, CASES, MIB
from peak_memory import Run, environment, prx_measured, serving

from tui.inputs.limits import REPLY_BYTES

MOST_MB = 250
"""prx alone takes about 43 MB, with httpx."""
SIZE = int(os.environ.get("PRX_BOUNDS_MB", "24")) * MIB
LEVELS = 2_000

CUT_ERROR = r"Only the first 1 MB of its error message were read\.$"
LONG_ANSWER = r"sent an answer of more than 16 MB$"
LONG_EVENT = (
    r"The server sent an event of more than 16 MB, so prx stopped the answer\nThe part that was received is kept\."
)
WASTE = r"The server sent 16 MB with almost no content, so prx stopped the answer"
LONG_REPLY = rf"This reply has more than {REPLY_BYTES // MIB} MB, so prx stopped it\."
MANY_PARTS = r"This reply has more than 10,000 parts, so prx stopped it\."
PACKED = r"sent an answer that is compressed as {}, although prx did not ask for that$"
DEEP = r"nested more than 200 levels deep"

AT_ONCE = {
    "error": CUT_ERROR,
    "error that is retried": CUT_ERROR,
    "error without end": CUT_ERROR,
    "html": rf"prx: Sorry\n.*{CUT_ERROR}",
    "titles": rf"prx: The server answered 400 without a reason\n.*{CUT_ERROR}",
    "refused key": CUT_ERROR,
    "redirect": r"it redirects the request",
    "error of arrays": CUT_ERROR,
    "gzip error": CUT_ERROR,
    "answer": LONG_ANSWER,
    "answer of numbers": LONG_ANSWER,
    "answer of arrays": LONG_ANSWER,
    "answer of citations": LONG_ANSWER,
    "html answer": LONG_ANSWER,
    "unknown kind": LONG_ANSWER,
    "headers": r"sent more than 100 KB of headers$",
    "brotli": PACKED.format("br"),
    "zstd": PACKED.format("zstd"),
    "gzip in gzip": PACKED.format("gzip, gzip"),
    "no gzip": r"sent an answer that cannot be decompressed",
}
"""Cases with which nothing of an answer comes, and what is said of them."""

AFTER_A_TEXT = {
    "line": LONG_EVENT,
    "line of escapes": LONG_EVENT,
    "line of quotes": LONG_EVENT,
    "line of arrays": LONG_EVENT,
    "line of keys": LONG_EVENT,
    "name": LONG_EVENT,
    "comment": LONG_EVENT,
    "gzip": LONG_EVENT,
    "deflate": LONG_EVENT,
    "raw deflate": LONG_EVENT,
    "gzip of nothing": r"sent 1 MB of compressed data with nothing in it\nThe part that was received is kept\.",
    "after gzip": r"The answer ended before it was complete",
    "comments": WASTE,
    "lines of one event": WASTE,
    "empty lines of one event": WASTE,
    "pings": WASTE,
    "new events": WASTE,
    "stops": WASTE,
    "counts": WASTE,
    "line ends": WASTE,
    "carriage returns": WASTE,
    "text": LONG_REPLY,
    "gzip text": LONG_REPLY,
    "thinking": LONG_REPLY,
    "signature": LONG_REPLY,
    "input": LONG_REPLY,
    "citations": MANY_PARTS,
    "blocks": MANY_PARTS,
    "new indices": MANY_PARTS,
}
"""Cases that begin with a text, which is kept."""

NESTED = {
    "deep event": DEEP,
    "deep new event": DEEP,
    "deep error": DEEP,
    "deep error event": DEEP,
    "deep usage": DEEP,
    "deep call at once": DEEP,
    "deep answer": r"The server sent something that is not a message",
    "deep call": r"The turn was stopped: the same call of read_file failed 3 times the same way\.",
}


QUICK = {
    *("error", "html", "titles", "error of arrays", "gzip error", "answer of numbers", "headers", "brotli", "no gzip"),
    *("line", "line of keys", "gzip", "raw deflate", "gzip of nothing", "after gzip", "comments", "gzip text"),
    *NESTED,
}
"""One of each kind: what is tried with every change."""
ALL = SIZE >= 200 * MIB


def tried(cases: Iterable[str]) -> list[str]:
    return [case for case in cases if ALL or case in QUICK]


def ask(case: str, size: int, tmp_path: Path, *args: str) -> Run:
    with serving("hostile.py", case, size) as url:
        run = prx_measured(args or ("-p", "Hi"), environment(tmp_path / "home", url), tmp_path)
    assert "Traceback" not in run.err
    assert run.peak_mb <= MOST_MB
    return run


def test_every_case_is_tried() -> None:
    models = {name for name in CASES if "models" in name}
    assert set(AT_ONCE) | set(AFTER_A_TEXT) | set(NESTED) | models == {*CASES, "headers"}


@pytest.mark.parametrize("case", tried(AT_ONCE))
def test_what_is_no_answer_is_an_error(case: str, tmp_path: Path) -> None:
    run = ask(case, SIZE, tmp_path)
    assert (run.code, run.out) == (1, "")
    assert re.search(AT_ONCE[case], run.err, re.MULTILINE | re.DOTALL)
    assert len(run.err) < 3_000


@pytest.mark.parametrize("case", tried(AFTER_A_TEXT))
def test_an_answer_that_goes_wrong_is_kept_as_far_as_it_had_come(case: str, tmp_path: Path) -> None:
    run = ask(case, SIZE, tmp_path)
    assert run.code == 1
    assert run.out.startswith(BEGUN)
    assert re.search(AFTER_A_TEXT[case], run.err)


@pytest.mark.parametrize("case", NESTED)
def test_json_that_is_nested_deeply_is_an_error(case: str, tmp_path: Path) -> None:
    run = ask(case, LEVELS, tmp_path, "-p", "Hi", "--tools", "read")
    assert run.code == (0 if case == "deep call" else 1)
    assert re.search(NESTED[case], run.err)
    assert "[[[" not in run.err


@pytest.mark.parametrize(
    ("case", "size"),
    [
        ("answer", 15),
        ("answer of citations", 15),
        ("line of escapes", 15),
        ("line of keys", 15),
        ("error of arrays", 0.9),
    ],
)
def test_what_is_just_within_the_bounds_stays_small_too(case: str, size: float, tmp_path: Path) -> None:
    run = ask(case, int(size * MIB), tmp_path)
    assert run.out or run.err


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("models", "lists more than 2,000 models, so prx does not use its list"),
        ("models without end", "sent an answer of more than 4 MB"),
        ("deep models", "answers, but its list of models is empty"),
    ],
)
def test_a_list_of_models_is_bounded(case: str, said: str, tmp_path: Path) -> None:
    size = LEVELS if case == "deep models" else 3 * MIB if case == "models" else 8 * MIB
    run = ask(case, size, tmp_path, "doctor", "models")
    assert said in run.out


def test_a_chat_with_such_a_call_is_continued(tmp_path: Path) -> None:
    """The call is answered with an error, and sent back as one without arguments."""
    first = ask("deep call", LEVELS, tmp_path, "-p", "Hi", "--tools", "read")
    assert BEGUN in first.out
    second = ask("text", 1, tmp_path, "-c", "-p", "And now?")
    assert (second.code, second.out[: len(BEGUN)]) == (0, BEGUN)
