"""Compare the preparation of a photo with bare Pillow calls: time, peak memory, and ten at once.

    python benchmarks/images.py [a folder for the photos]

Each variant runs in its own process, in turns, so that other load slows all of them alike. Prints ratios of CPU time.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
ROUNDS = 5
RUNS = 7
LIMITS = {"time": 1.2, "memory": 1.3}


def photo(folder: Path, megapixels: int) -> Path:
    """Return a JPEG like a photo (smooth shapes, fine noise) of so many megapixels, 4:3."""
    path = folder / f"{megapixels}.jpg"
    if not path.exists():
        from PIL import Image, ImageFilter

        width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
        rng = random.Random(megapixels)
        base = Image.new("RGB", (64, 48))
        base.putdata([(rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(64 * 48)])
        big = base.resize((width, width * 3 // 4), Image.Resampling.BICUBIC)
        noise = Image.effect_noise(big.size, 24).convert("RGB")
        Image.blend(big, noise, 0.25).filter(ImageFilter.SMOOTH).save(path, quality=92)
    return path


def by_hand(path: Path, size: tuple[int, int]) -> int:
    import io

    from PIL import Image

    image = Image.open(path)
    image.draft("RGB", size)
    out = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0).save(out, "JPEG", quality=85)
    return len(out.getvalue())


def ours(path: Path, target_name: str) -> int:
    from tui.chat import tokens
    from tui.images.pixels import prepare

    return len(prepare(path.read_bytes(), getattr(tokens, target_name)).data)


def measured(way: str, path: Path, target_name: str) -> None:
    """Print the CPU times of one variant, in seconds, and its peak memory in kB. Runs in a child process."""
    from tui.chat import tokens

    width = round(int(path.stem) * 4 / 3 * 1e6) ** 0.5
    size = tokens.seen_size(round(width), round(width) * 3 // 4, getattr(tokens, target_name))
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        by_hand(path, size) if way == "by hand" else ours(path, target_name)
        times.append(time.process_time() - began)
    print(json.dumps([times[1:], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))


def child(*arguments: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True, env=env)
    return run.stdout.strip()


def together(path: Path, target_name: str) -> None:
    """Print how ten photos in a thread pool compare with ten one after another."""
    from concurrent.futures import ThreadPoolExecutor

    began = time.perf_counter()
    for _ in range(10):
        ours(path, target_name)
    in_turn = time.perf_counter() - began
    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(ours, [path] * 10, [target_name] * 10))
    at_once = time.perf_counter() - began
    print(f"ten photos at once in {at_once / in_turn:.2f} of the time of ten in turn; {os.cpu_count()} cores")


def main() -> None:
    # Never draws a photo itself: a child's peak memory counts from that of the process it was forked from.
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.gettempdir(), "prx-photos")
    folder.mkdir(exist_ok=True, parents=True)
    good = True
    for megapixels in (12, 48):
        path = Path(child("photo", str(folder), str(megapixels)))
        for target_name in ("STANDARD", "HIGH"):
            times: dict[str, list[float]] = {"by hand": [], "ours": []}
            memory: dict[str, int] = {}
            for _ in range(ROUNDS):
                for way in times:
                    taken, memory[way] = json.loads(child(way, str(path), target_name))
                    times[way] += taken
            hand, we = (min(times[way]) for way in times)  # the least disturbed run of each
            ratios = {"time": we / hand, "memory": memory["ours"] / memory["by hand"]}
            good = good and all(ratios[what] <= limit for what, limit in LIMITS.items())
            print(
                f"{megapixels} MP, {target_name}: {we * 1000:.0f} ms, {ratios['time']:.2f} × by hand;"
                f" {memory['ours'] / 1000:.0f} MB, {ratios['memory']:.2f} × by hand",
                flush=True,
            )
    together(folder / "12.jpg", "STANDARD")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    if sys.argv[1:2] in (["by hand"], ["ours"]):
        measured(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
    elif sys.argv[1:2] == ["photo"]:
        print(photo(Path(sys.argv[2]), int(sys.argv[3])))
    else:
        main()
