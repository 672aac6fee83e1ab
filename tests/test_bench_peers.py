"""The comparison with other programs still runs, in its shortest form, and its page shows what was measured."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.peers import table  # noqa: E402  (needs the path above)


def test_the_page_shows_the_last_measurement() -> None:
    page = table.PAGE.read_text()
    assert table.page_with(page, table.tables(*table.read(table.ROWS))) == page, "run `make docs`"


@pytest.mark.skipif(sys.platform != "linux", reason="the comparison reads what Linux counts")
def test_it_measures_what_is_installed_and_says_how_to_install_the_rest(tmp_path: Path) -> None:
    rows, path = tmp_path / "rows.jsonl", tmp_path / "bin"
    path.mkdir()
    if unshare := shutil.which("unshare"):  # and no Claude Code
        (path / "unshare").symlink_to(unshare)
    words = ["--quick", "--prx", str(Path(sys.executable).with_name("prx")), "--rows", str(rows)]
    argv = [sys.executable, "-m", "benchmarks.peers", *words]
    env = {"PATH": str(path), "HOME": str(tmp_path)}
    run = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert "skipped Claude Code; to install it: npm install" in run.stderr
    _, *measured = map(json.loads, rows.read_text().splitlines())
    assert {(row["work"], row["program"]) for row in measured} == {
        ("start", "prx"),
        ("start", "textual"),
        ("open 10", "prx"),
        ("answer 2000@0", "prx"),
        ("answer 2000@0", "httpx"),
    }
    for row in measured:
        assert row.get("keys_lost", 0) == 0
        for figure in table.FIGURES[row["kind"]]:
            if not (figure.key.startswith("idle") or figure.key.startswith("key")):
                assert row[figure.key] > 0, row
    assert "| 2,000 tokens at full speed: to its last word |" in run.stdout
