"""`--plot FILE` saves pictures of a result before it is printed; `--plot -` prints its charts as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from convcost.cli.options import MetricPlotOptions, PlotOptions
from convcost.cli.output import style
from convcost.core.errors import UsageError
from convcost.core.units import parse_count, range_problem

if TYPE_CHECKING:
    from convcost.render.charts.data import ChartOptions, Figure
    from convcost.render.kinds import Result

RANGE_HINT = "Write it as --plot-range L=1:512, or L=8:512:8 for multiples of 8."

IN_TERMINAL = "-"
"""Instead of a file: print the charts as text."""

LARGEST = 10**18
"""The largest stop of a range: longer ranges have no len() in Python."""


class PlotRequest(NamedTuple):
    """The files for pictures, what to draw, and whether to print charts too."""

    files: tuple[Path, ...]
    options: ChartOptions | None = None
    in_terminal: bool = False

    def draw(self, result: Result) -> str:
        """Save the pictures of the result, and return its charts as text if requested.

        Nothing is printed here, so that stdout stays empty on errors.
        """
        if self.options is None:
            return ""
        from convcost.render.charts.kinds import figure_of
        from convcost.render.charts.pictures import save_pictures

        figure = figure_of(result, self.options)
        text = self._text(figure) if self.in_terminal else ""
        save_pictures(figure, self.files)
        return text

    def _text(self, figure: Figure) -> str:
        """The charts without notes, which the table above them has."""
        from convcost.render.charts.terminal import draw

        return draw(figure._replace(notes=()), style())


NO_PLOTS = PlotRequest(())


def read_plots(given: PlotOptions, format_name: str = "table") -> PlotRequest:
    """Read the options before anything is computed; UsageError if a picture can't be saved or printed."""
    metric, ranges = "", list[str]()
    if isinstance(given, MetricPlotOptions):
        metric, ranges = given.plot_metric, given.plot_range or []
    if not given.plot:
        _check_needed(metric, ranges)
        return NO_PLOTS
    from convcost.render.charts.data import ChartOptions
    from convcost.render.charts.pictures import check_file, check_installed

    files = tuple(Path(text) for text in dict.fromkeys(given.plot) if text != IN_TERMINAL)
    for file in files:
        check_file(file)
    in_terminal = IN_TERMINAL in given.plot
    if in_terminal:
        if format_name != "table":
            raise UsageError(
                f"--plot - prints charts below a table, not with --format {format_name}",
                hint="Save a picture to a file, or leave the format out.",
            )
        check_installed("plotext")
    return PlotRequest(files, ChartOptions(metric, dict(_parse_ranges(ranges))), in_terminal)


def _check_needed(metric: str, ranges: Iterable[str]) -> None:
    """UsageError for an option that needs --plot."""
    given = {"--plot-metric": metric, "--plot-range": ranges}
    if first := next((name for name, value in given.items() if value), ""):
        raise UsageError(f"{first} needs --plot", hint="Add --plot FILE.svg.")


def _parse_ranges(texts: Iterable[str]) -> Iterator[tuple[str, range]]:
    seen: set[str] = set()
    for text in texts:
        name, equals, values = text.partition("=")
        bounds = values.split(":")
        if not (name.strip() and equals and 2 <= len(bounds) <= 3):
            raise UsageError(f"--plot-range {text[:40]} is not a size with its range", hint=RANGE_HINT)
        start, stop, step = ([parse_count(bound, "a bound of --plot-range") for bound in bounds] + [1])[:3]
        out_of_bounds = "" if start >= 1 and stop <= LARGEST else "a size is from 1 to 10^18"
        if problem := range_problem(start, stop, step) or out_of_bounds:
            raise UsageError(f"--plot-range {text[:40]}: {problem}", hint=RANGE_HINT)
        if name.strip() in seen:
            raise UsageError(f"--plot-range is given twice for {name.strip()[:40]}")
        seen.add(name.strip())
        yield name.strip(), range(start, stop + 1, step)
