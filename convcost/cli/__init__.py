"""The command line: options → library → render → print. One file per command, no arithmetic."""

from __future__ import annotations

import typer

from convcost import __version__
from convcost.cli.command import Command, Group
from convcost.cli.compare import compare
from convcost.cli.counters import counters
from convcost.cli.explain import explain
from convcost.cli.layer import layer
from convcost.cli.match import match
from convcost.cli.output import close_quietly, complain

OPEN_OPTIONS = {"ignore_unknown_options": True, "allow_extra_args": True}
"""So that sizes (`--E 128`) and torch's argument names (`--kernel-size 3`) reach the command."""

app = typer.Typer(
    name="convcost",
    cls=Group,
    help="Exact FLOPs, MACs and parameters of layer designs, from one line of text.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=Command, context_settings=OPEN_OPTIONS)(compare)
app.command(cls=Command, context_settings=OPEN_OPTIONS)(layer)
app.command(cls=Command, context_settings=OPEN_OPTIONS)(explain)
app.command(cls=Command, context_settings=OPEN_OPTIONS)(match)
app.command(cls=Command)(counters)


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
    """Run the command that the arguments name, and leave stdout without a complaint."""
    try:
        app()
    except OSError as error:
        complain(f"the result could not be written: {error.strerror}")
        raise SystemExit(2) from None
    finally:
        close_quietly()
