"""Runs the console blocks of Markdown files, and rewrites their outputs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

from convcost.cli import app
from convcost.counters.peers import PEERS

BLOCK = re.compile(r"(?P<fence>```console\n\$ convcost (?P<command>.*)\n)(?P<output>(?:.*\n)*?)```")


PROGRESS = re.compile(r"^running .+: \d+ of \d+ done\n", re.M)
"""Progress messages, which appear if a command takes a while."""

ROOT = Path(__file__).parent.parent


def documents() -> list[Path]:
    """README in both languages and the hand-written pages of the documentation."""
    pages = sorted((ROOT / "docs").rglob("*.md"))
    return [
        ROOT / "README.md",
        ROOT / "README.zh-CN.md",
        *(page for page in pages if "generated" not in page.parts),
    ]


def blocks(document: Path) -> list[tuple[str, str]]:
    """The commands of a document with the outputs that it shows."""
    return [(match["command"], match["output"]) for match in BLOCK.finditer(document.read_text())]


def printed(command: str) -> str:
    """The output of a command at 80 columns, of both streams, without trailing blank lines."""
    with as_first_installed():
        result = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(app, shlex.split(command))
    return PROGRESS.sub("", result.output).rstrip("\n") + "\n"


@contextmanager
def as_first_installed() -> Iterator[None]:
    """Hide the optional counters, whether they are installed or not."""
    peers, version = {peer.package for peer in PEERS}, metadata.version

    def found(package: str) -> str:
        if package in peers:
            raise metadata.PackageNotFoundError(package)
        return version(package)

    with patch.object(metadata, "version", found):
        yield


def rewritten(document: Path) -> str:
    """The document with every output updated."""
    return BLOCK.sub(lambda match: f"{match['fence']}{printed(match['command'])}```", document.read_text())


if __name__ == "__main__":
    for path in documents():
        path.write_text(rewritten(path))
