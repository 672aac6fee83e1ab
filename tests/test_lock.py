"""The lock that README's test command installs from fits pyproject.toml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomli
from lock import BUILDERS, LOCK
from packaging.requirements import Requirement

PROJECT = tomli.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
ASKED = [Requirement(line) for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]]
LOCKED = re.findall(r"^([a-z0-9.-]+)==([^ \\;]+)(?: ; .*?)? \\$", LOCK.read_text(), re.MULTILINE)


@pytest.mark.parametrize("asked", [*ASKED, *map(Requirement, BUILDERS.split())], ids=lambda asked: asked.name)
def test_the_lock_has_a_version_that_fits(asked: Requirement) -> None:
    versions = [version for name, version in LOCKED if name == asked.name]
    assert versions, "run: make lock"
    assert all(version in asked.specifier for version in versions), "run: make lock"


def test_each_locked_package_has_checksums_and_no_address() -> None:
    text = LOCK.read_text()
    assert len(re.findall(r"^\S+==.*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)) == len(LOCKED) > 50
    assert "://" not in text
