"""`convcost` and `python -m convcost`."""

from __future__ import annotations

import gc

from convcost.system.signals import exit_on_signals


def main() -> None:
    """The console script; a signal ends it as the shell expects, from the first import on.

    A command is over before garbage collection pays: with torch loaded it takes a tenth of the time.
    """
    exit_on_signals()
    gc.disable()
    from convcost.cli import run

    run()


if __name__ == "__main__":
    import sys
    from contextlib import suppress
    from os import getcwd

    with suppress(FileNotFoundError):  # a working folder that is gone has no files
        if not sys.flags.safe_path and sys.path[:1] in ([""], [getcwd()]):
            del sys.path[0]  # -m puts the working folder in front, whatever files it has
    main()
