"""`convcost` and `python -m convcost`."""

from __future__ import annotations

import gc


def main() -> None:
    """The console script; an interrupt ends it as the shell expects, 130, from the first import on.

    A command is over before garbage collection pays: with torch loaded it takes a tenth of the time.
    """
    gc.disable()
    try:
        from convcost.cli import run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    import os
    import sys

    if not sys.flags.safe_path and sys.path[:1] in ([""], [os.getcwd()]):
        del sys.path[0]  # -m puts the working folder in front, whatever files it has
    main()
