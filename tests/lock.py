"""Write the lock of the test dependencies: versions and checksums for every Python version and system that prx supports.

python tests/lock.py             # writes tests/requirements.lock, keeping versions that still fit
python tests/lock.py --upgrade   # takes the newest of everything
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "tests" / "requirements.lock"
BUILDERS = "hatchling>=1.27\neditables>=0.5\n"
"""The build dependencies of an editable installation, locked too: the installation needs no other package."""
HEAD = "# Made by tests/lock.py from pyproject.toml: what `pip install --require-hashes -r` needs for the tests.\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", "uv"], check=True)
        compile_lock = [
            *(python, "-m", "uv", "pip", "compile", "-q", "--universal", "--python-version", "3.10", "--extra", "dev"),
            *("--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header", "-o", LOCK),
            *(arg for arg in sys.argv[1:] if arg == "--upgrade"),
            *("pyproject.toml", "-"),
        ]
        subprocess.run(compile_lock, check=True, cwd=ROOT, input=BUILDERS.encode())
    LOCK.write_text(HEAD + LOCK.read_text())


if __name__ == "__main__":
    main()
