"""Compares prx with other programs in a terminal: `make bench-peers`, described in docs/performance.md."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

if (tests := str(ROOT / "tests")) not in sys.path:
    sys.path.append(tests)  # for its terminal
