"""Time that `--plot` adds to a command, against importing Altair and vl-convert and drawing one point."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

RUNS = 9
AIM = 1.2

COMPARE = (sys.executable, "-m", "convcost", "compare", "--E", "128", "--counters", "none")
NOTHING = (sys.executable, "-c", "pass")
LIBRARIES = "import altair, vl_convert"
POINT = (
    '{"data": {"values": [{"x": 1}]}, "mark": "point", "encoding": {"x": {"field": "x", "type": "ordinal"}}}'
)
FIRST_DRAWING = {
    ".svg": f"{LIBRARIES}; vl_convert.vegalite_to_svg('{POINT}')",
    ".png": f"{LIBRARIES}; vl_convert.vegalite_to_png('{POINT}')",
    ".pdf": f"{LIBRARIES}; vl_convert.vegalite_to_pdf('{POINT}')",
    ".html": f"{LIBRARIES}; vl_convert.javascript_bundle()",
}


def seconds(command: tuple[str, ...]) -> float:
    """Seconds that a command takes as a process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def added(command: tuple[str, ...], plain: tuple[str, ...]) -> float:
    """The time of a command beyond the plain one: median of alternating runs, after one to warm up."""
    seconds(command), seconds(plain)
    return statistics.median(seconds(command) - seconds(plain) for _ in range(RUNS))


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        for suffix, script in FIRST_DRAWING.items():
            picture = str(Path(folder, f"picture{suffix}"))
            plot = added((*COMPARE, "--plot", picture), COMPARE)
            libraries = added((sys.executable, "-c", script), NOTHING)
            print(f"--plot *{suffix}: {plot / libraries:.2f} x `{script[:60]}...` (aim: at most {AIM})")
