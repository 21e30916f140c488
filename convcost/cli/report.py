"""`convcost report`: a comparison, or the costs of one design, as an HTML page."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from convcost.analysis.explain.explanation import derivation
from convcost.analysis.explain.steps import Explanation
from convcost.cli.counted_designs import ComparisonOptions, CountedDesigns, count_designs
from convcost.cli.crosscheck import diagnose_model, exit_if_wrong, final_verdicts
from convcost.cli.designs import Candidates
from convcost.cli.hints import OPTION_HINTS, STDOUT_HINT, is_target
from convcost.cli.options import CounterOptions, SettingsOption
from convcost.cli.output import emit
from convcost.cli.page_file import PAGE_HINT, page_path, write_page
from convcost.cli.parser_errors import option_names
from convcost.cli.sizes import separate_options, split_tokens
from convcost.core.comparison import Comparison
from convcost.core.cost import Convention
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.errors import UsageError
from convcost.core.escapes import make_printable
from convcost.core.report import Report
from convcost.counters import select_model_counters
from convcost.spec import Spec


def report(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="OUT.html [DESIGN|@FILE]... [--NAME SIZE]...",
            help="The file to write; then designs, torch modules, files with designs, and sizes, as for "
            "compare.",
        ),
    ] = None,
    settings: SettingsOption = None,
    *,
    options: ComparisonOptions,
) -> None:
    """Write an HTML page about designs: costs, ratios, break-even points, charts, derivations.

    The page is a single file that loads nothing from the network and runs no script. Several designs are
    compared; for a single one, its cost is shown. Without a design, a dense layer is compared with two
    convolutions. Charts need the extra plots.

    \b
    Examples:
      convcost report report.html --E 128 --L 10 --device h100
      convcost report cost.html "f32[1,3,224,224] -> net.py:Net" --counters all
    """
    tokens = list(arguments or ())
    _check_no_output_option(tokens)
    if not (positional := separate_options(tokens)[0]):
        raise UsageError("an output file is missing", hint=FILE_HINT)
    output = positional[0]
    tokens.remove(output)
    texts, _ = split_tokens(tokens, option_names(context))
    read = [Path(text.removeprefix("@")) for text in texts if text.startswith("@")]
    path = page_path(output, read, _page_hint(output))
    counted = count_designs(context, tokens, settings or (), options, allow_single=True)
    explanation = _explanation(counted.candidates, options.flops.convention)
    result = _result(counted, options.counters)
    write_page(path, result, context, explanation)
    emit(f"{make_printable(str(path))} was written.\n")
    if options.counters.strict:
        exit_if_wrong(*(result.candidates if isinstance(result, Comparison) else (result,)))


FILE_HINT = "The file to write comes first: convcost report report.html"


def _check_no_output_option(tokens: list[str]) -> None:
    """UsageError for an option that would name the file in other tools."""
    for option in (token.partition("=")[0] for token in tokens if token.startswith("-")):
        if OPTION_HINTS.get(option.lstrip("-")) == STDOUT_HINT:
            raise UsageError(f"no option is called {option}", hint=FILE_HINT)


def _page_hint(text: str) -> str:
    """How to name the page, if `text` is not one: a design comes after it."""
    if not is_target(text) and not any(sign in text for sign in "([>"):
        return PAGE_HINT
    return f"{FILE_HINT} {shlex.quote(text)}"


def _result(counted: CountedDesigns, options: CounterOptions) -> Comparison | Report | DiagnosedReport:
    """The designs with the counters' verdicts; a single module with full diagnoses."""
    candidates, reports = counted
    if len(reports) == 1 and not isinstance(candidates.sources[0], Spec):
        counters = select_model_counters(options.counters or "none")
        return diagnose_model(candidates.sources[0], reports[0], counters, options.max_bytes)
    verified = final_verdicts(reports, candidates.countables, options)
    return Comparison(verified, candidates.notes) if len(verified) > 1 else verified[0]


def _explanation(candidates: Candidates, convention: Convention) -> Explanation | None:
    """The derivations of specs, and of ratios if all designs are specs; None without a spec."""
    specs = tuple(source for source in candidates.sources if isinstance(source, Spec))
    if not specs:
        return None
    names = {name for spec in specs for name in spec.names}
    sizes = {name: size for name, size in candidates.sizes.items() if name in names}
    found = derivation(specs, sizes, convention)
    return found if len(specs) == len(candidates.sources) else replace(found, comparison=())
