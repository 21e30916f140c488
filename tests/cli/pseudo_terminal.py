"""A pseudo-terminal to run the command in, and a small terminal to see what its reader sees at the end."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from cli_runner import COMMAND, environment, interruptible

CONTROL = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|([\r\n\b])|\x1b[^\[]")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, process: subprocess.Popen, side: int) -> None:
        self.process = process
        self._side = side
        self.text = ""

    def read(self, until: str | None = None) -> str:
        """What was written up to `until`, or to the end."""
        while until is None or until not in self.text:
            try:
                chunk = os.read(self._side, 65_536)
            except OSError:
                break
            if not chunk:
                break
            self.text += chunk.decode(errors="replace")
        return self.text


@contextmanager
def terminal(*arguments: str, columns: int = 80, lines: int = 50, **changes: str) -> Iterator[Terminal]:
    """The command with its stdout, and nothing else, on a pseudo-terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    variables = environment(**{"TERM": "xterm-256color"} | changes)
    variables.pop("COLUMNS", None)
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=theirs, stderr=subprocess.PIPE, env=variables, preexec_fn=interruptible
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        os.close(ours)


def final_screen(text: str) -> str:
    """What stands there in the end: cursor movements and erasures carried out, colours left out."""
    rows: list[list[str]] = [[]]
    row = column = place = 0
    for match in (*CONTROL.finditer(text), None):
        for character in text[place : match.start() if match else len(text)]:
            rows[row] += [" "] * (column + 1 - len(rows[row]))
            rows[row][column] = character
            column += 1
        if match is None:
            break
        place = match.end()
        count = int(match[1]) if (match[1] or "").isdigit() else 1
        match match[2] or match[3]:
            case "\n":
                row += 1
                rows += [[] for _ in range(row + 1 - len(rows))]
            case "\r":
                column = 0
            case "A":
                row = max(0, row - count)
            case "K":
                rows[row] = []
            case "J":
                rows[row + 1 :] = []
                rows[row] = rows[row][:column]
    return "\n".join("".join(cells).rstrip() for cells in rows)
