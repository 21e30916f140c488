"""The command line: options → library → render → print. One file per command, no arithmetic."""

from __future__ import annotations

import os
import sys

import typer

from convcost import __version__
from convcost.cli.commands import CommandGroup
from convcost.cli.output import close_quietly, print_error
from convcost.cli.supervisor import error_location, run_supervised, runs_model

COUNTING_LIBRARIES = ("torch", "fvcore")
"""Libraries that modules and counters need, and designs in text do not."""

app = typer.Typer(
    name="convcost",
    cls=CommandGroup,
    help="Exact FLOPs, MACs and parameters of layer designs, from one line of text.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"convcost {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
    ),
) -> None:
    pass


def run() -> None:
    """Run the command, in a child process if a model may end it."""
    if runs_model(sys.argv[1:]):
        raise SystemExit(run_supervised(_run))
    _run()


def _run() -> None:
    """Run the command, and close stdout without an error message."""
    if "_CONVCOST_COMPLETE" in os.environ:  # typer wraps help, and fish takes each line for an option
        os.environ["COLUMNS"] = "1000"
    try:
        app(prog_name="convcost")  # by `python -m` too
    except ImportError as error:  # from a library: errors in a user's file have their own message
        print_error(_import_message(error))
        raise SystemExit(2) from None
    except OSError as error:
        print_error(f"the result could not be written: {error.strerror}")
        raise SystemExit(2) from None
    finally:
        close_quietly()


def _import_message(error: ImportError) -> str:
    """The error for a missing or broken library, with how to install it."""
    library = (error.name or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and library in COUNTING_LIBRARIES:
        hint = f"To install it: pip install {library}. Designs in text work without it, with --counters none."
        return f"this needs {library}, which is not installed\n{hint}"
    hint = "Reinstall that library; if the error remains, please report it."
    return f"a library can't be imported: {error}\n  {error_location(error)}\n{hint}"
