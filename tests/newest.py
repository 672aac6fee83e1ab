"""Run the tests with the newest version of every dependency, and list what is newer than the lock.

    python tests/newest.py [ARGUMENTS OF PYTEST]

Ends with pytest's exit code. Nothing of the project's own environment is touched.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "tests" / "requirements.lock"


def locked() -> dict[str, set[str]]:
    """Return the versions in the lock by package: several where they differ by Python version or system."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==([^ \\;]+)", LOCK.read_text(), re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


def installed(python: Path) -> dict[str, str]:
    listed = subprocess.run([python, "-m", "pip", "list", "--format", "json"], check=True, capture_output=True)
    return {re.sub(r"[-_.]+", "-", row["name"]).lower(): row["version"] for row in json.loads(listed.stdout)}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", "-e", ".[dev]"], check=True, cwd=ROOT)
        before = locked()
        changes = [
            f"{name}: {' or '.join(sorted(before.get(name, {'not needed'})))} in the lock, {version} now"
            for name, version in sorted(installed(python).items())
            if name not in ("pip", "setuptools", "prx-tui") and version not in before.get(name, ())
        ]
        print(
            "\n".join(["Newer than the lock:", *changes] if changes else ["The lock holds the newest of everything."])
        )
        return subprocess.run([python, "-m", "pytest", "-q", *sys.argv[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
