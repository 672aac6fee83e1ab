"""What the doctor finds: in the configuration, the credentials, the models and the terminal. It changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal import Terminal

from tui.anthropic.models import MODELS
from tui.cli.doctor import Report, examine, report_json, report_text
from tui.cli.doctor.configuration import config_findings
from tui.cli.doctor.findings import Finding
from tui.cli.doctor.terminal import Facts, terminal_findings
from tui.config import load
from tui.demo.oauth import TokenEndpoint
from tui.demo.reply import Reply
from tui.demo.scenarios import Error
from tui.demo.server import Server
from tui.demo.service import DEMO_KEY, FakeAnthropic

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 23)
PLANTED = "sk-ant-api03-PLANTED-by-the-test"


@pytest.fixture
def server() -> Iterator[Server[FakeAnthropic]]:
    with Server(FakeAnthropic()) as server:
        yield server


def looked(check: str, tmp_path: Path, config: str = "", **env: str) -> Report:
    file = tmp_path / "config.toml"
    file.write_text(config)
    env = {"PRX_HOME": os.environ["PRX_HOME"], **env}
    return examine(load(env, file=file), env, (check,), today=TODAY)


def at(server: Server[FakeAnthropic], key: str = DEMO_KEY) -> dict[str, str]:
    return {"ANTHROPIC_API_KEY": key, "ANTHROPIC_BASE_URL": server.url}


def states(report: Report) -> list[str]:
    return [finding.status for finding in report.findings]


def row(report: Report, model: str) -> dict:
    return dict(next(one for one in report.models if one["id"] == model))


def prx(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui", *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        cwd=ROOT,
        timeout=60,
        check=False,
    )


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


# Configuration


def test_a_good_configuration_is_fine(tmp_path: Path) -> None:
    assert states(looked("config", tmp_path, '[default]\nmodel = "opus"')) == ["ok"]


def test_each_mistake_is_a_failure_with_its_place(tmp_path: Path) -> None:
    report = looked("config", tmp_path, '[default]\nmodle = "opus"\ntools = "all"\n')
    assert states(report) == ["failed", "failed"]
    assert "config.toml:2:1" in report.findings[0].message
    assert 'did you mean "model"' in report.findings[0].message
    assert not report.ok


@pytest.mark.parametrize(
    ("value", "mode", "warns"),
    [(PLANTED, 0o644, True), (PLANTED, 0o600, False), ("${KEY}", 0o644, False)],
)
def test_a_key_in_a_file_that_others_may_read_is_warned_of(tmp_path: Path, value: str, mode: int, warns: bool) -> None:
    looked("config", tmp_path)
    (tmp_path / "config.toml").chmod(mode)
    report = looked("config", tmp_path, f'[providers.anthropic]\napi_key = "{value}"', KEY=PLANTED)
    assert ("warning" in states(report)) is warns
    assert "PLANTED" not in report_text(report)


# Credentials


def test_without_a_credential_auth_fails_and_says_the_ways(tmp_path: Path) -> None:
    report = looked("auth", tmp_path)
    assert report.findings[0] == Finding(
        "auth",
        "failed",
        "Anthropic credentials not set",
        "Set the ANTHROPIC_API_KEY environment variable, or api_key in config.toml under [providers.anthropic], or "
        "sign in with Claude Code, which leaves a valid ~/.claude/.credentials.json.",
    )
    assert states(report)[1:] == ["note"] * 7


def test_a_key_is_named_by_its_end(tmp_path: Path) -> None:
    report = looked("auth", tmp_path, ANTHROPIC_API_KEY=PLANTED)
    assert report.findings[0].message == (
        "an API key from ANTHROPIC_API_KEY (ends in …test), sent to https://api.anthropic.com"
    )
    assert report.ok


def test_one_that_may_not_be_sent_fails(tmp_path: Path) -> None:
    report = looked("auth", tmp_path, ANTHROPIC_API_KEY=PLANTED, ANTHROPIC_BASE_URL="http://proxy.example")
    assert states(report)[:2] == ["ok", "failed"]
    assert "over plain http" in report.findings[1].message


@pytest.mark.parametrize(
    ("left_s", "state", "says"),
    [
        (7_265, "ok", "valid for 2 h 01 min"),
        (400_000, "ok", "valid for 4 days"),
        (-5, "note", "next request renews it"),
    ],
)
def test_claude_codes_login_is_said_with_its_life(tmp_path: Path, left_s: float, state: str, says: str) -> None:
    file = Path(os.environ["HOME"]) / ".claude" / ".credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text(
        json.dumps({"accessToken": PLANTED, "refreshToken": PLANTED, "expiresAt": (time.time() + left_s) * 1000})
    )
    report = looked("auth", tmp_path)
    remark, life = report.findings[1:3]
    assert (remark.status, life.status) == ("warning", state)
    assert "an API key is the supported way" in remark.message
    assert says in life.message
    assert report.ok


# Models


def test_the_list_is_asked_with_the_credential_that_chat_would_use(
    tmp_path: Path, server: Server[FakeAnthropic]
) -> None:
    report = looked("models", tmp_path, f'[providers.anthropic]\napi_key = "{DEMO_KEY}"', **at(server, "sk-ant-api-no"))
    assert report.ok
    assert [one.path.partition("?")[0] for one in server.requests] == ["/v1/models"]
    assert server.requests[0].headers["x-api-key"] == DEMO_KEY
    assert "sonnet means claude-sonnet-5-5, which the server offers" in report.findings[1].message
    assert row(report, "claude-sonnet-5-5") == {
        "id": "claude-sonnet-5-5",
        "name": "Sonnet 5.5",
        "context": 1_000_000,
        "max_output": 128_000,
        "vision": True,
        "tools": True,
        "status": "active",
        "days_left": None,
        "retires": None,
        "successor": None,
        "configured": True,
        "listed": True,
    }


def test_every_known_model_has_its_state(tmp_path: Path, server: Server[FakeAnthropic]) -> None:
    report = looked("models", tmp_path, **at(server))
    assert {model.id for model in MODELS} | {"claude-haiku-3-5-20241022"} == {one["id"] for one in report.models}
    deprecated = row(report, "claude-sonnet-4-5-20250929")
    assert (deprecated["status"], deprecated["days_left"]) == ("deprecated", 7)
    retired = row(report, "claude-sonnet-4-20250514")
    assert (retired["status"], retired["successor"]) == ("retired", "claude-sonnet-5-5")
    misspelt = row(report, "claude-haiku-3-5-20241022")
    assert (misspelt["status"], misspelt["successor"]) == ("misspelt", "claude-3-5-haiku-20241022")
    assert [one["id"] for one in report.models if one["configured"]] == ["claude-sonnet-5-5"]
    text = report_text(report)
    assert "deprecated, 7 days left" in text
    assert "retired 2026-06-15, answered by claude-sonnet-5-5" in text
    assert "misspelt, the correct ID is claude-3-5-haiku-20241022" in text


@pytest.mark.parametrize(
    ("configured", "state", "answers"),
    [
        ("claude-sonnet-4-20250514", "warning", "claude-sonnet-5-5"),
        ("claude-opus-4-20250514", "warning", "claude-opus-5-5"),
        ("claude-haiku-3-5-20241022", "warning", "claude-haiku-5-5"),
        ("claude-sonnet-4-6", "ok", "claude-sonnet-4-6"),
        ("claude-opus-4-6", "ok", "claude-opus-4-6"),
        ("haiku", "ok", "claude-haiku-5-5"),
    ],
)
def test_the_seeds_models_answer_or_their_successors_do(
    tmp_path: Path, server: Server[FakeAnthropic], configured: str, state: str, answers: str
) -> None:
    report = looked("models", tmp_path, f'[default]\nmodel = "{configured}"', **at(server))
    assert states(report) == ["ok", state]
    assert answers in report.findings[1].message
    marked = [one["id"] for one in report.models if one["configured"]]
    assert answers in marked
    assert configured in marked or configured == "haiku"


def test_a_retired_model_that_is_insisted_on_fails(tmp_path: Path, server: Server[FakeAnthropic]) -> None:
    config = '[providers.anthropic]\nmodel = "claude-sonnet-4-20250514"\nfollow_retired = false'
    report = looked("models", tmp_path, config, **at(server))
    assert states(report) == ["ok", "failed"]
    assert report.findings[1].fix == 'Set model = "claude-sonnet-5-5" in config.toml.'


def test_a_model_that_the_server_does_not_list_fails(tmp_path: Path, server: Server[FakeAnthropic]) -> None:
    report = looked("models", tmp_path, '[default]\nmodel = "claude-sonnet-9"', **at(server))
    assert states(report) == ["ok", "failed"]
    assert "claude-sonnet-9, which the server does not list" in report.findings[1].message


@pytest.mark.parametrize(
    ("error", "state", "says"),
    [
        (Error(401), "failed", "invalid x-api-key"),
        (Error(404), "note", "has no list of models"),
        (Error(500), "failed", "500"),
    ],
)
def test_a_server_that_gives_no_list_says_why_and_our_table_stands_in(
    tmp_path: Path, server: Server[FakeAnthropic], error: Error, state: str, says: str
) -> None:
    if error.status == 401:
        report = looked("models", tmp_path, **at(server, "sk-ant-wrong"))
    else:
        server.service.script(error, to="/v1/models")
        report = looked("models", tmp_path, **at(server))
    assert report.findings[0].status == state
    assert says in report.findings[0].message or error.status == 500
    assert row(report, "claude-sonnet-5-5")["listed"] is None


class Foreign:
    """A server with models of its own, in pages of another shape."""

    def respond(self, method: str, path: str, headers: object, body: bytes) -> Reply:
        content = b'{"object":"list","data":[{"id":"llama","object":"model"}]}'
        return Reply(200, (("content-type", "application/json"),), (content,))


def test_a_server_of_another_vendor_lists_its_own(tmp_path: Path) -> None:
    with Server(Foreign()) as server:
        report = looked("models", tmp_path, **at(server))
        assert states(report) == ["ok", "warning"]
        assert row(report, "llama")["listed"] is True
        assert row(report, "claude-sonnet-5-5")["listed"] is False
        assert states(looked("models", tmp_path, '[default]\nmodel = "llama"', **at(server))) == ["ok", "ok"]


def test_a_list_of_many_pages_is_followed_to_its_end(tmp_path: Path) -> None:
    class Paged:
        def respond(self, method: str, path: str, headers: object, body: bytes) -> Reply:
            page = 1 if "after_id=model-1" in path else 2 if "after_id=model-2" in path else 0
            content = {"data": [{"id": f"model-{page + 1}"}], "has_more": page < 2, "last_id": f"model-{page + 1}"}
            return Reply(200, (("content-type", "application/json"),), (json.dumps(content).encode(),))

    with Server(Paged()) as server:
        report = looked("models", tmp_path, '[default]\nmodel = "model-3"', **at(server))
    assert states(report) == ["ok", "ok"]
    assert "lists 3 models" in report.findings[0].message


def test_nobody_there_fails(tmp_path: Path, server: Server[FakeAnthropic]) -> None:
    server.close()
    report = looked("models", tmp_path, **at(server))
    assert report.findings[0].status == "failed"
    assert "the host does not answer" in report.findings[0].message


def test_an_expired_login_is_not_renewed_by_looking(tmp_path: Path) -> None:
    endpoint = TokenEndpoint()
    with Server(FakeAnthropic(oauth=endpoint)) as server:
        access, refresh = endpoint.sign_in(0)
        file = Path(os.environ["HOME"]) / ".claude" / ".credentials.json"
        file.parent.mkdir(parents=True)
        for expires_at_s in (time.time() - 5, time.time() + 3600):
            file.write_text(json.dumps({"accessToken": access, "refreshToken": refresh, "expiresAt": expires_at_s}))
            before = files_below(file.parent)
            report = looked("models", tmp_path, ANTHROPIC_BASE_URL=server.url)
            assert states(report) == ["warning", "note"]
            assert "renew" in report.findings[0].message
            assert files_below(file.parent) == before
        assert endpoint.posts == 0


# Terminal


def facts(**more: object) -> Facts:
    env = {"TERM": "xterm-256color", "COLORTERM": "truecolor", **more.pop("env", {})}  # type: ignore[dict-item]
    usual = {"is_terminal": True, "columns": 120, "rows": 40, "encoding": "utf-8", "answers": b"", "env": env}
    return Facts(**{**usual, **more})


def said(**more: object) -> str:
    return "\n".join(f"{one.status}: {one.message} {one.fix}" for one in terminal_findings(facts(**more)))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "ok: 16 million colours"),
        ({"env": {"COLORTERM": ""}}, "note: 256 colours"),
        ({"env": {"COLORTERM": "", "TERM": "xterm"}}, "warning: few colours"),
        ({"env": {"NO_COLOR": "1"}}, "NO_COLOR is set"),
        ({"env": {"TERM": "dumb"}}, 'failed: TERM is "dumb"'),
        ({"columns": 120, "rows": 40}, "ok: 120 columns by 40 rows"),
        ({"columns": 30}, "warning: 30 columns by 40 rows: too small"),
        ({"encoding": "ascii"}, "warning: the encoding is ascii"),
        ({"answers": b"\x1b_Gi=31;OK\x1b\\\x1b[?62c"}, "images by the Kitty protocol"),
        ({"answers": b"\x1b[6;20;10t\x1b[?62;4;22c"}, "images by Sixel"),
        ({"answers": b"\x1b[?62;4;22c"}, "no image protocol"),  # it does not say how large a cell is
        ({"answers": b"\x1b[?4;22c"}, "no image protocol"),
        ({"answers": b"\x1b[?0u\x1b[?62c"}, "keys by the Kitty protocol"),
        ({"answers": b"\x1b[?62c"}, "Ctrl+J inserts a new line"),
        ({"answers": b"\x1bP>|WezTerm 2026\x1b\\"}, "ok: WezTerm 2026 (TERM=xterm-256color)"),
        ({"env": {"SSH_TTY": "/dev/pts/0"}}, "copying by OSC 52, even from this remote computer"),
        ({"env": {"TERM_PROGRAM": "Apple_Terminal"}}, "warning: Apple's Terminal does not let programs copy"),
        ({"env": {"STY": "1.pts"}}, "warning: inside GNU Screen"),
        ({"tmux": {}}, "its options cannot be read"),
        ({"tmux": {"set-clipboard": "off"}}, "set -s set-clipboard on"),
        ({"tmux": {"extended-keys": "off"}}, "Shift+Enter arrives as Enter"),
        ({"tmux": {"escape-time": "500"}}, "set -s escape-time 10"),
        ({"tmux": {"escape-time": "10", "set-clipboard": "external"}}, "ok: inside tmux, with suitable options"),
        ({"is_terminal": False}, "note: no terminal"),
    ],
)
def test_the_terminal_is_judged(more: dict, says: str) -> None:
    assert says in said(**more)


def test_a_real_terminal_is_asked_and_left_as_it_was() -> None:
    with Terminal([sys.executable, "-m", "tui", "doctor", "terminal"], dict(os.environ), ROOT, 100, 30) as terminal:
        terminal.wait_for("100 columns by 30 rows")
        assert terminal.wait_exit() == 0
        assert terminal.settings_restored
        assert "no image protocol" in terminal.text
        assert "62;22c" not in terminal.text, "its answer is read, not shown"


# The command


def test_the_whole_doctor_and_each_part_alone(server: Server[FakeAnthropic]) -> None:
    run = prx("doctor", "--json", **at(server))
    told = json.loads(run.stdout)
    assert run.returncode == 0, run.stdout
    assert told["ok"] is True
    assert {one["check"] for one in told["findings"]} == {"config", "auth", "models", "terminal"}
    assert len(told["models"]) == len(MODELS) + 1
    for check in ("config", "auth", "terminal"):
        alone = json.loads(prx("doctor", check, "--json", **at(server)).stdout)
        assert {one["check"] for one in alone["findings"]} == {check}
        assert "models" not in alone
    assert prx("doctor", "everything").returncode == 2


def test_the_exit_code_says_whether_something_failed(server: Server[FakeAnthropic]) -> None:
    assert prx("doctor", "auth").returncode == 1
    assert prx("doctor", "models").returncode == 1
    assert prx("doctor", "terminal").returncode == 0
    config = Path(os.environ["PRX_HOME"]) / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    assert prx("doctor", "config").returncode == 0
    config.write_text("nonsense")
    run = prx("doctor", "config")
    assert run.returncode == 1
    assert "config.toml:1:" in run.stdout
    assert run.stderr == "", "said once"
    assert prx("doctor", "auth", **at(server)).returncode == 0


def test_it_changes_nothing(server: Server[FakeAnthropic], tmp_path: Path) -> None:
    file = Path(os.environ["HOME"]) / ".claude" / ".credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"accessToken": "sk-ant-oat01-x", "refreshToken": "r", "expiresAt": 1}))
    before = files_below(tmp_path)
    prx("doctor", ANTHROPIC_BASE_URL=server.url)
    prx("auth", "status", ANTHROPIC_BASE_URL=server.url)
    assert files_below(tmp_path) == before


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(
        ["api_key", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "stored", "url"]
    ),
    st.sampled_from(["", " ", "\n", "é"]),
    st.booleans(),
)
def test_a_planted_key_is_in_no_report(tmp_path_factory, source: str, fault: str, refused: bool) -> None:
    folder = tmp_path_factory.mktemp("planted")
    secret = f"sk-ant-{'wrong' if refused else 'api03'}-PLANTED{fault}PLANTEDend!"
    env = {"PRX_HOME": str(folder)}
    config = f"[providers.anthropic]\napi_key = {json.dumps(secret)}\n" if source == "api_key" else ""
    with Server(FakeAnthropic()) as server:
        env["ANTHROPIC_BASE_URL"] = server.url
        if source == "stored":
            (folder / "data").mkdir()
            (folder / "data" / "credentials.json").write_text(json.dumps({"anthropic": secret}))
        elif source == "url":
            env["ANTHROPIC_BASE_URL"] = server.url.replace("//", "//ada:PLANTED@")
            env["ANTHROPIC_API_KEY"] = DEMO_KEY
        elif source != "api_key":
            env[source] = secret
        (folder / "config.toml").write_text(config)
        report = examine(load(env, file=folder / "config.toml"), env, ("config", "auth", "models"), today=TODAY)
    assert "PLANTED" not in report_json(report) + report_text(report) + repr(report)


def test_servers_of_tools_are_looked_at_without_starting_them(tmp_path: Path) -> None:
    report = looked(
        "config",
        tmp_path,
        f"[mcp.time]\ncommand = '{sys.executable}'\n[mcp.gone]\ncommand = 'no-such-program'\n"
        "[mcp.far]\nurl = 'https://me:hush@tools.example/mcp?key=hush'\n[mcp.off]\ncommand = 'x'\nenabled = false\n",
    )
    assert states(report) == ["ok", "ok", "warning", "ok"]
    told = report_text(report)
    assert "program no-such-program not found" in told
    assert "tools.example" in told
    assert "hush" not in told
    assert report.ok


def test_rules_that_allow_more_than_they_seem_to_are_named(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[tools]\nallow = ["run_command(git log *)", "run_command(ls *)", "edit_file(**)"]\n')
    notes = [finding.message for finding in config_findings(load({}, file=file)) if finding.status == "note"]
    assert len(notes) == 1
    assert notes[0].startswith("allow: run_command(git log *): with options git writes files or runs programs")
