"""The pictures of the README, drawn by the commands that it shows: `python -m docs.pictures`."""

from __future__ import annotations

import os
import shlex
from contextlib import chdir, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from convcost.cli import app

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent

COLUMNS = 80

SCREENS = {"founding": "compare --E 128 --L 10"}
"""Pictures of terminal output."""

CHARTS = {
    "break-even": "compare @examples/mixing.txt --E 64 --counters none",
    "roofline": "compare --E 1024 --L 10 --dtype bf16 --device h100,a100 --plot-metric flops --counters none",
    "pareto": 'sweep "[B,C,H,H] -> Conv2d(C, M, K, padding=K//2, groups=G) -> Conv2d(M, C, 1)" --H 16 '
    "--over C=64:1024:64 --over K=1,3,5,7 --over M=2C,4C --over G=1,2,3 --pareto flops,C:max",
    "parts": "cost 'f32[1,3,32,32] -> examples/resnet.py:resnet20(classes=10)' --counters none",
}
"""Pictures saved by --plot."""

SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's template, without fonts from a server."""


def screen(command: str) -> str:
    """The terminal output of `convcost` with these arguments, as SVG."""
    console = Console(record=True, width=COLUMNS, file=TextIOWrapper(BytesIO()), force_terminal=True)
    console.print(Text.from_ansi(_run(command)))
    return console.export_svg(
        title=f"convcost {command}", theme=SVG_EXPORT_THEME, code_format=SVG, unique_id="screen"
    )


def chart(command: str) -> str:
    """The picture that `convcost` with these arguments saves, as SVG."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "picture.svg"
        _run(f"{command} --plot {shlex.quote(str(file))}")
        return file.read_text(encoding="utf-8")


def _run(command: str) -> str:
    """The output of the command, in colour."""
    stdout = TextIOWrapper(BytesIO(), encoding="utf-8")
    colors = {"FORCE_COLOR": "1", "NO_COLOR": "", "COLUMNS": str(COLUMNS)}
    with chdir(ROOT), patch.dict(os.environ, colors), redirect_stdout(stdout):
        app(shlex.split(command), standalone_mode=False)
        stdout.flush()
    buffer = stdout.detach()
    assert isinstance(buffer, BytesIO)
    return buffer.getvalue().decode()


def draw(name: str) -> str:
    """Draw the picture called `name`."""
    return screen(SCREENS[name]) if name in SCREENS else chart(CHARTS[name])


if __name__ == "__main__":
    for name in (*SCREENS, *CHARTS):
        (FOLDER / f"{name}.svg").write_text(draw(name), encoding="utf-8")
