"""Claude Code's own locks are waited for, taken and given back, and never left in its way."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import httpx
import pytest
from login_file import VERSION, SignedIn

from tui.anthropic.claude_locks import STALE_S, WRITE_STALE_S, claude_locks, claude_write_lock
from tui.demo.oauth import Trouble
from tui.demo.reply import Gate
from tui.private_file import Occupied

pytestmark = pytest.mark.anyio


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / ".claude").mkdir()
    return tmp_path / ".claude" / ".credentials.json"


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    return [tmp_path / ".claude" / ".oauth_refresh.lock", tmp_path / ".claude.lock"]


def test_both_are_held_and_given_back(file: Path, places: list[Path]) -> None:
    with claude_locks(file, 0.0):
        for place in places:
            assert place.is_dir()
            assert abs(place.stat().st_mtime - time.time()) < 5
            assert not list(place.iterdir()), "or nobody could remove it"
    assert not any(place.exists() for place in places)


def test_they_are_given_back_after_an_error(file: Path, places: list[Path]) -> None:
    with pytest.raises(ZeroDivisionError), claude_locks(file, 0.0):
        raise ZeroDivisionError
    assert not any(place.exists() for place in places)


@pytest.mark.parametrize("number", [0, 1])
def test_one_that_is_held_is_not_taken(file: Path, places: list[Path], number: int) -> None:
    places[number].mkdir()
    with pytest.raises(Occupied), claude_locks(file, 0.0):
        pass
    assert [place.exists() for place in places] == [number == 0, number == 1]


def test_one_that_was_left_behind_is_taken(file: Path, places: list[Path]) -> None:
    for place in places:
        place.mkdir()
        os.utime(place, (time.time() - STALE_S - 1,) * 2)
    with claude_locks(file, 0.0):
        assert abs(places[0].stat().st_mtime - time.time()) < 5
    assert not any(place.exists() for place in places)


def test_one_that_cannot_be_removed_is_not_waited_for_without_end(file: Path, places: list[Path]) -> None:
    (places[0] / "x").mkdir(parents=True)
    os.utime(places[0], (0, 0))
    with pytest.raises(Occupied), claude_locks(file, 0.0):
        pass


def test_our_own_of_a_killed_program_is_taken_at_once(file: Path, places: list[Path]) -> None:
    with claude_locks(file, 0.0):
        times = places[0].stat().st_mtime_ns
    for place in places:
        place.mkdir()
        os.utime(place, ns=(times, times))
    with claude_locks(file, 0.0):
        pass
    assert not any(place.exists() for place in places)


def test_where_no_lock_can_be_made_it_goes_without(tmp_path: Path) -> None:
    with claude_locks(tmp_path / "not" / "there" / "file", 0.0):
        pass


def test_the_second_lock_is_beside_the_folder_that_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / ".claude").symlink_to(tmp_path / "real")
    with claude_locks(tmp_path / ".claude" / ".credentials.json", 0.0):
        assert (tmp_path / "real.lock").is_dir()
        assert not (tmp_path / ".claude.lock").exists()


def test_the_lock_for_writing_is_a_third_one_and_stale_sooner(file: Path) -> None:
    place = file.parent / ".storage-write.lock"
    with claude_locks(file, 0.0), claude_write_lock(file, 0.0):
        assert place.is_dir()
    assert not place.exists()
    place.mkdir()
    with pytest.raises(Occupied), claude_write_lock(file, 0.0):
        pass
    os.utime(place, (time.time() - WRITE_STALE_S - 1,) * 2)
    with claude_write_lock(file, 0.0):
        pass
    assert not place.exists()


async def test_new_tokens_are_not_written_while_claude_code_writes(tmp_path: Path) -> None:
    """It reads the file, changes another key and writes it: with the old tokens, if ours came in between."""
    with SignedIn(tmp_path, life_s=0) as place:
        lock = tmp_path / ".claude" / ".storage-write.lock"
        lock.mkdir()
        read = json.loads(place.file.read_text())
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))
        async with httpx.AsyncClient(trust_env=False, auth=place.auth(), headers=VERSION) as client:
            asked = asyncio.create_task(client.get(f"{place.server.url}/v1/models"))
            await asyncio.to_thread(gate.wait_until_reached)
            gate.open()
            await asyncio.wait([asked], timeout=0.5)
            assert not asked.done()
            assert place.in_file()["refreshToken"] == place.refresh
            place.file.write_text(json.dumps({**read, "mcpOAuth": {"server": "changed"}}))
            lock.rmdir()
            assert (await asked).status_code == 200
        written = json.loads(place.file.read_text())
        assert written["mcpOAuth"] == {"server": "changed"}
        assert written["claudeAiOauth"]["refreshToken"] != place.refresh
        assert not lock.exists()


@pytest.mark.parametrize("named", ["file", "environment"])
async def test_the_client_that_the_login_belongs_to_renews_it(tmp_path: Path, named: str, monkeypatch) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        place.write(*place.endpoint.sign_in(0, "another-client"), place.clock.now)
        if named == "file":
            content = json.loads(place.file.read_text())
            content["claudeAiOauth"]["clientId"] = "another-client"
            place.file.write_text(json.dumps(content))
            monkeypatch.setenv("CLAUDE_CODE_OAUTH_CLIENT_ID", "not-this-one")
        else:
            monkeypatch.setenv("CLAUDE_CODE_OAUTH_CLIENT_ID", "another-client")
        async with httpx.AsyncClient(trust_env=False, auth=place.auth(), headers=VERSION) as client:
            assert (await client.get(f"{place.server.url}/v1/models")).status_code == 200
        assert place.in_file().get("clientId", "another-client") == "another-client"


async def test_while_claude_code_renews_we_wait_and_use_what_it_got(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        lock = tmp_path / ".claude" / ".oauth_refresh.lock"
        lock.mkdir()
        async with httpx.AsyncClient(trust_env=False, auth=place.auth(), headers=VERSION) as client:
            asked = asyncio.create_task(client.get(f"{place.server.url}/v1/models"))
            await asyncio.wait([asked], timeout=0.3)
            assert not asked.done()
            assert place.endpoint.posts == 0
            theirs = await asyncio.to_thread(place.elsewhere_renewed)
            lock.rmdir()
            assert (await asked).status_code == 200
        assert place.tokens_sent() == [theirs]
        assert place.endpoint.posts == 1


async def test_claude_code_finds_the_locks_taken_while_we_renew(tmp_path: Path) -> None:
    with SignedIn(tmp_path, life_s=0) as place:
        gate = Gate()
        place.endpoint.trouble(Trouble(before=(gate,)))
        async with httpx.AsyncClient(trust_env=False, auth=place.auth(), headers=VERSION) as client:
            asked = asyncio.create_task(client.get(f"{place.server.url}/v1/models"))
            await asyncio.to_thread(gate.wait_until_reached)
            assert (tmp_path / ".claude" / ".oauth_refresh.lock").is_dir()
            assert (tmp_path / ".claude.lock").is_dir()
            gate.open()
            assert (await asked).status_code == 200
        assert sorted(one.name for one in (tmp_path / ".claude").iterdir()) == [
            ".credentials.json",
            ".credentials.json.prx-lock",
        ]
        assert not (tmp_path / ".claude.lock").exists()
