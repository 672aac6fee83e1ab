"""A key that stands in a wrong place is not repeated: in the configuration, in an address, in whatever prx says of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal import Terminal

from tui.anthropic.models import MISSPELT, MODELS
from tui.cli.doctor.configuration import config_findings
from tui.config import load
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic
from tui.errors import TuiError
from tui.masking import is_key, is_secret, masked, masked_name, masked_url
from tui.services.connection import Connection

KEYS = [
    "sk-ant-api03-PLANTED9x8Y7z6W5v4-U3t2S1r0",
    "ghp_PLANTED9x8Y7z6W5v4U3t2S1r0",
    "PLANTED0a1b2c3d4e5f6a7b8c9d0",
    "eyJPLANTED9x8Y7z6W5v4.eyJPLANTED9x8Y7z6W5v4.c2ln",
]
ROOT = str(Path(__file__).parent.parent)
PLAIN = [
    *(model.id for model in MODELS),
    *MISSPELT,
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "accounts/fireworks/models/llama-v3p1-405b-instruct",
    "command_timeout_s",
    "https://gateway.example:8443/anthropic/v1beta2",
    "It begins with sk-ant-; make one at console.anthropic.com. verify it starts with sk-ant-api- and is not expired",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_is_shown_as_it_is(text: str) -> None:
    assert masked(text) == masked_name(text) == text
    assert not is_secret(text)


@given(st.sampled_from(KEYS), st.text("ab /:=\"'\n.", max_size=9), st.text("ab /:=\"'\n", max_size=9))
def test_a_key_is_masked_wherever_it_stands(key: str, before: str, after: str) -> None:
    text = f"{before} {key} {after}"
    assert "PLANTED" not in masked_name(text)
    assert "PLANTED" not in masked_url(f"https://gateway.example/{key}/v1")
    assert "PLANTED" not in masked_url(f"https://{key}:{key}@gateway.example/v1?key={key}#{key}")
    if key != KEYS[2]:  # no more than random, which a sentence may be allowed to hold
        error = TuiError(text, text)
        assert "PLANTED" not in f"{error} {error.message} {error.hint} {error!r}"


@pytest.mark.parametrize("key", KEYS[:2])
def test_a_key_is_known_where_it_stands_alone(key: str) -> None:
    assert is_key(key)
    assert is_key(f" {key}\n")
    assert not is_key(f"is {key} yours?")
    assert not is_key("sk-ant-")


WRONG = [
    '{key} = "x"',
    '[default]\n"{key}" = "x"',
    '["{key}"]\nx = 1',
    '[default]\nmodel = "{key}"',
    '[providers.anthropic]\nmodel = "{key}"',
    '[providers."{key}"]\napi_key = "x"',
    '[providers.anthropic]\n"{key}" = "x"',
    '[providers.anthropic]\napi_url = "{key}"',
    '[providers.anthropic]\napi_url = "htp://{key}"',
    '[providers.anthropic]\napi_url = "https://127.0.0.1:9/{key}/v1"',
    '[providers.anthropic]\napi_url = "https://{key}:{key}@127.0.0.1:9/?key={key}"',
    '[providers.anthropic]\noauth_token_url = "{key}"',
    '[providers.anthropic]\noauth_hosts = ["{key}"]',
    '[providers.anthropic]\ndialect = "{key}"',
    '[default]\nprovider = "{key}"',
    '[default]\ntools = "{key}"',
    '[presets."{key}"]\nmodel = 5',
    '[presets.a]\nmodel = "{key}"\ntools = "{key}"',
    '[models."{key}"]\ncontext = "x"',
    '[keys]\n"{key}" = "x"\nquit = "{key}"',
    '[mcp."{key}"]\nx = 1',
    '[mcp.a]\ncommand = "{key}"',
    '[mcp.a]\nurl = "{key}"',
    '[mcp.a]\ncommand = "a"\nargs = ["${{{variable}}}"]',
    '[budget]\nday_hard = "${{{variable}}}"',
    '[budget]\n"{key}" = 1',
    '[tools]\nallow = ["{key})"]\nfolders = ["{key}"]',
    '[tools.web_search]\n"{key}" = 1',
    '[ui]\ntheme = "{key}"',
    '"{key}" = "x"\n"{key}" = "y"',
    "a = {{ {key} = 1, {key} = 2 }}",
]


def said(config: Path, *words: str) -> str:
    env = {**os.environ, "ANTHROPIC_API_KEY": DEMO_KEY}
    command = [sys.executable, "-m", "tui", "--config", str(config), *words]
    run = subprocess.run(command, input=b"", capture_output=True, env=env, timeout=60, check=False)
    assert b"Traceback" not in run.stderr
    return (run.stdout + run.stderr).decode()


def test_no_message_repeats_a_key_from_a_wrong_place(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    for key in KEYS:
        variable = "".join(sign if sign.isalnum() else "_" for sign in key)
        for text in WRONG:
            config.write_text(text.format(key=key, variable=variable))
            settings = load({}, file=config)
            connection = Connection(settings, {"ANTHROPIC_API_KEY": DEMO_KEY})
            told = [*map(str, settings.findings), str(config_findings(settings)), *settings.origins.values()]
            if (obstacle := connection.obstacle) is not None:
                told += [obstacle.message, obstacle.hint]
            told += [model.id for model in connection.models()]
            assert "PLANTED" not in "\n".join(told), text


def test_the_commands_say_nothing_of_it(tmp_path: Path) -> None:
    key = KEYS[0]
    config = tmp_path / "config.toml"
    config.write_text(
        f'"{key}" = "x"\n[default]\nmodel = "{key}"\n[presets."{key}"]\n[models."{key}"]\n[mcp.a]\ncommand = "{key}"\n'
        f'[providers.anthropic]\napi_url = "http://127.0.0.1:9/{key}/v1"\n"{key}" = "x"\n'
    )
    as_json = ["-p", "x", "--output-format", "json"]
    for words in (["doctor"], ["auth", "status"], as_json):
        text = said(config, *words)
        assert "PLANTED" not in text, words
        assert "config.toml:" in text


@pytest.mark.parametrize(
    "words",
    [
        "{} -p --tools {}",
        "-p Hi --output-format {}",
        "-p Hi --system-file {}",
        "-p Hi --preset {}",
        "-p Hi --{}",
        "-p Hi --config {}",
        "-p Hi -a {}",
        "-r {} -p Hi",
        "export {}",
        "import {}",
        "auth login {}",
        "auth login --provider {}",
        "doctor {}",
        "--config {} doctor config",
    ],
)
def test_no_message_repeats_a_key_of_the_command_line(words: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tui", *words.format(KEYS[0], KEYS[0]).split()],
        env={
            "HOME": str(tmp_path),
            "PRX_HOME": str(tmp_path / "prx"),
            "PYTHONPATH": ROOT,
            "ANTHROPIC_API_KEY": DEMO_KEY,
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert run.returncode in (1, 2)
    assert "sk-ant-…" in run.stdout + run.stderr
    assert "PLANTED" not in run.stdout + run.stderr


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("words", ["-m {} -p Hi", "demo -p Hi -m {} --output-format stream-json", "--model={}"])
def test_a_key_in_the_place_of_a_model_is_refused(words: str, key: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tui", *words.format(key).split()],
        env={"HOME": str(tmp_path), "PRX_HOME": str(tmp_path / "prx"), "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert run.returncode == 2
    assert "this looks like a key, not a model. `prx models` lists the models." in run.stderr
    assert "PLANTED" not in run.stdout + run.stderr
    stored = [file for file in tmp_path.rglob("*") if file.is_file() and b"PLANTED" in file.read_bytes()]
    assert stored == []


def test_the_full_screen_says_nothing_of_it(tmp_path: Path) -> None:
    with Server(FakeAnthropic()) as server:
        config = tmp_path / "config.toml"
        config.write_text(
            f'[default]\nmodel = "{KEYS[0]}"\n[presets."{KEYS[0]}"]\n[models."{KEYS[0]}"]\n[ui]\n"{KEYS[0]}" = 1\n'
            f'[providers.anthropic]\napi_url = "{server.url}/{KEYS[0]}"\napi_key = "{DEMO_KEY}"\n'
        )
        env = {"HOME": str(tmp_path), "PRX_HOME": str(tmp_path / "prx")}
        command = [sys.executable, "-m", "tui", "--config", str(config)]
        with Terminal(command, env=env, cwd=tmp_path) as terminal:
            terminal.wait_for("config.toml:")
            terminal.type("hello")
            terminal.wait_for("hello")
            terminal.type("\r")
            terminal.wait(lambda: server.requests)
            terminal.type("\x0c")  # the models to choose from
            terminal.wait_for("Haiku")
            assert b"PLANTED" not in terminal.output
