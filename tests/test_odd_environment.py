"""Odd values in every variable about proxies, addresses and certificates: a sentence, never a traceback, and the app stays.

The commands of a sweep run one after the other in one process, since a process for each would take minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parent.parent
CLOSED = "https://127.0.0.1:9"
BRACKET = "http://user:PLANTED[ss@127.0.0.1:9"
COMMANDS = (["models"], ["doctor", "models"], ["doctor", "auth"], ["auth", "status"], ["auth", "login"], ["-p", "hi"])

ADDRESSES = (
    BRACKET,
    "http://user:PLANTED/ss@127.0.0.1:9",
    "[",
    "::",
    "http://",
    "http://[::1",
    "http://127.0.0.1:port",
    "http://127.0.0.1:99999",
    "garbage://127.0.0.1",
    "http://a b",
    "\x1b]52;c;eA==\x07",
    "http://ü\udcff:9",
    "http://%",
)
ENTRIES = (
    "localhost,[::1]",
    "fd07:b51a:cc66:f0::/64",
    "[",
    "[::1",
    "http://[",
    "://",
    "1/2/3",
    "a:b:c",
    "\udcff,\x1b[31m",
)
FILES = ("/nowhere", "/dev/zero", "/dev/null", "/", "[", "\udcff", "\x1b[31m", str(ROOT / "README.md"))

SWEEP = """
import contextlib, json, os, sys, traceback
from tui.cli.main import _main
told = []
for variables, words in json.load(sys.stdin):
    os.environ.update(variables)
    out = open("printed", "w+", encoding="utf-8", errors="backslashreplace")
    sys.argv, sys.stdin = ["prx", *words], open("key" if words[0] == "auth" else os.devnull)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            code = _main()
        except BaseException:
            traceback.print_exc(file=out)
            code = -1
    out.seek(0)
    told.append([variables, words, code, out.read()])
    for name in variables:
        del os.environ[name]
json.dump(told, sys.__stdout__)
"""


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


def environment(**more: str) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.lower().endswith(("_proxy", "_file", "_dir"))}
    return {**bare, "ANTHROPIC_API_KEY": DEMO_KEY, **more}


def sweep(runs: list[tuple[dict[str, str], list[str]]], **env: str) -> list[tuple[dict[str, str], list[str], int, str]]:
    """What each command printed with these variables beside the others, and its exit code."""
    folder = Path(os.environ["HOME"])
    folder.mkdir(exist_ok=True)
    (folder / "key").write_text(DEMO_KEY)
    run = subprocess.run(
        [sys.executable, "-c", SWEEP],
        input=json.dumps(runs),
        capture_output=True,
        text=True,
        env=environment(PYTHONPATH=str(ROOT), **env),
        cwd=folder,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert len(told) == len(runs)
    for variables, words, code, text in told:
        assert code in (0, 1), (variables, words, text)
        assert "Traceback" not in text, (variables, words, text)
        assert "PLANTED" not in text, (variables, words, text)
        assert not {"\x1b", "\x07"} & set(text), (variables, words, text)
        assert len(text.splitlines()) < 60, (variables, words, text)
    return told


def either_case(name: str, values: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Each value, in upper and in lower case by turns, so that both meet every kind of it in two sweeps."""
    for number, value in enumerate(values):
        yield {name.upper() if number % 2 else name.lower(): value}


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_bad_proxy_is_a_sentence_that_names_its_variable(name: str) -> None:
    runs = [({name: value}, words) for value in ADDRESSES for words in COMMANDS]
    for variables, words, code, text in sweep(runs, ANTHROPIC_BASE_URL=CLOSED):
        sends = words in (["doctor", "models"], ["auth", "login"], ["-p", "hi"])
        assert code == (1 if sends else 0), (variables, words, text)
        if sends:
            assert f"{name} is not the address of a proxy" in text, (variables, words, text)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
def test_a_bad_proxy_for_other_addresses_is_in_nobodys_way(name: str, server: Server[FakeAnthropic]) -> None:
    runs = [({name: value}, ["doctor", "models"]) for value in ADDRESSES]
    for _, _, _, text in sweep(runs, ANTHROPIC_BASE_URL=CLOSED):
        assert "No connection to 127.0.0.1:9: the host does not answer" in text
    for _, _, code, text in sweep(runs, ANTHROPIC_BASE_URL=server.url):
        assert code == 1
        assert f"{name} is not the address of a proxy" in text
    assert server.requests == []


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_is_used_or_named(name: str, server: Server[FakeAnthropic]) -> None:
    runs = [({name: value}, words) for value in ENTRIES for words in COMMANDS]
    told = sweep(runs, ANTHROPIC_BASE_URL=server.url, HTTP_PROXY=server.url)  # it can be its own proxy
    for variables, words, code, text in told:
        assert code == 0, (variables, words, text)
        left_out = variables[name] not in ENTRIES[:2]
        if words in (["-p", "hi"], ["doctor", "models"]):
            assert (f"{name}: ignored" in text) == left_out, (variables, text)
    assert all("://" in request.path for request in server.requests), "each went through the proxy"


@pytest.mark.parametrize("words", [["-p", "hi"], ["doctor", "models"], ["auth", "login"]])
def test_an_entry_that_is_left_out_is_told_once(words: list[str]) -> None:
    runs = [({"NO_PROXY": value}, words) for value in ENTRIES[2:]]
    for variables, _, code, text in sweep(runs, ANTHROPIC_BASE_URL=CLOSED, HTTPS_PROXY="http://127.0.0.1:9"):
        assert code == 1
        assert text.count("NO_PROXY: ignored") == 1, (variables, text)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "ssl_cert_file", "ssl_cert_dir"])
def test_odd_certificates_are_a_sentence(name: str) -> None:
    runs = [({name: value}, words) for value in FILES for words in COMMANDS[:-1]]
    for variables, words, code, text in sweep(runs, ANTHROPIC_BASE_URL=CLOSED):
        if words in (["doctor", "models"], ["auth", "login"]):
            assert code == 1
            is_usable = name.islower() or (name, variables[name]) == ("SSL_CERT_DIR", "/")
            said = "the host does not answer" if is_usable else f"The certificates of {name} cannot be used"
            assert said in text, (variables, text)


@pytest.mark.parametrize("name", ["ANTHROPIC_BASE_URL", "anthropic_base_url"])
def test_an_odd_address_of_the_api_is_a_sentence(name: str, server: Server[FakeAnthropic]) -> None:
    odd = (
        *ADDRESSES,
        "htp://127.0.0.1:9",
        "https://",
        "x",
        "https://a:b@c:d",
        f"{CLOSED}/\udcff",
        "https://[::1%25x]:9",
    )
    runs = [({name: value}, words) for value in odd for words in COMMANDS]
    if name.islower():  # nothing reads it
        told = sweep(runs[:12], ANTHROPIC_BASE_URL=server.url)
        assert [code for _, _, code, _ in told] == [0] * 12
        return
    for variables, words, code, text in sweep(runs):
        if words in (["doctor", "models"], ["auth", "login"], ["-p", "hi"]):
            assert code == 1, (variables, words, text)


# The full screen


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"HTTPS_PROXY": BRACKET, "ANTHROPIC_BASE_URL": CLOSED}, "HTTPS_PROXY is not the address of a proxy"),
        ({"all_proxy": "http://[::1", "ANTHROPIC_BASE_URL": CLOSED}, "all_proxy is not the address of a proxy"),
        ({"SSL_CERT_FILE": str(ROOT / "README.md"), "ANTHROPIC_BASE_URL": CLOSED}, "SSL_CERT_FILE cannot be used"),
        ({"SSL_CERT_DIR": "/nowhere", "ANTHROPIC_BASE_URL": CLOSED}, "SSL_CERT_DIR cannot be used"),
        ({"ANTHROPIC_BASE_URL": "https://[::1"}, "or by ANTHROPIC_BASE_URL"),
    ],
    ids=["bracket", "lower case", "certificates", "folder of certificates", "address"],
)
def test_the_full_screen_says_it_and_stays(env: dict[str, str], says: str) -> None:
    with Terminal([sys.executable, "-m", "tui"], environment(**env), ROOT) as terminal:
        terminal.wait_for("send")
        terminal.type("hello\r")
        terminal.wait(lambda: says in " ".join(terminal.text.split()))
        terminal.wait_for("hello")  # the prompt is back
        terminal.type("\x11")
        assert terminal.wait_exit() == 0
        assert b"Traceback" not in terminal.output
        assert b"PLANTED" not in terminal.output


@pytest.mark.parametrize("entries", ["localhost,[::1],127.0.0.1", "fd07:b51a:cc66:f0::/64,127.0.0.0/8"])
def test_the_full_screen_goes_without_a_proxy_where_no_proxy_says_so(
    server: Server[FakeAnthropic], entries: str
) -> None:
    env = environment(ANTHROPIC_BASE_URL=server.url, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY=entries)
    with Terminal([sys.executable, "-m", "tui"], env, ROOT) as terminal:
        terminal.wait_for("Talk to")
        terminal.type("thanks\r")
        terminal.wait(lambda: any(one.path == "/v1/messages" for one in server.requests))
        terminal.type("\x11")
        terminal.wait_exit()
        assert b"Traceback" not in terminal.output
