"""Finds sizes with which a design costs as much as another one, or stays within a budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt, prod
from typing import Any

from convcost.api import CountedDesign
from convcost.core.cost import BATCH_LIKE, MATMUL, Convention, Size
from convcost.core.dtypes import DEFAULT_DTYPE, dtype_named
from convcost.core.errors import ConvcostError, UsageError, did_you_mean
from convcost.core.match import LARGEST, MOST_PAIRS, UNITS, Match, PerSize, Range, metric_named
from convcost.core.metrics import BY_NAME
from convcost.core.report import Report, warning_sentences
from convcost.core.type_checks import MOST_DIGITS_OF_A_TOTAL, check_size_names, check_type, merge_sizes
from convcost.core.units import count_error, parse_amount, sizes_in_full
from convcost.core.weights import require_costs
from convcost.design import GivenDesign, StatedDesign, as_design, check_sizes, counted_designs
from convcost.search.design import CountedQuantities, Design, complete_design, open_names
from convcost.spec.spec import Spec, check_int

WEIGHT_METRICS = ("params", "bytes")
"""What a file of weights has."""

MOST_TRIED = {1: 2**27, 2: 2**24}
"""The most values of one size, or pairs of two, to try."""


@dataclass(frozen=True)
class Request:
    """A request to vary sizes of the last design, to match the first one's cost or a budget."""

    designs: tuple[CountedDesign, ...]
    vary: tuple[str, ...]
    metric: str = "flops"
    budget: Size | None = None
    multiple_of: PerSize = 1
    minimum: PerSize = 1
    maximum: PerSize | None = None
    convention: Convention = MATMUL
    dtype: str = ""


def match(
    a: GivenDesign,
    b: GivenDesign | None = None,
    /,
    *,
    vary: str | Sequence[str],
    metric: str = "flops",
    budget: Size | str | None = None,
    multiple_of: PerSize = 1,
    minimum: PerSize = 1,
    maximum: PerSize | None = None,
    **sizes: Size,
) -> Match:
    """Find the values of `vary` for which `b` costs closest to `a`, or `a` closest to `budget`.

    A design is a spec, a report with open sizes, or a torch module with its inputs, (module, "f32[B,3,H,W]").
    The cost of `a` is matched from below or above; `budget` is never exceeded.

    Args:
        a: The design to match; with a `budget`, the design to fit.
        b: The design to fit.
        vary: A size of the design to fit, or two: "E,K". With two, a pair is in the result if it does not
            exceed the target, and of these pairs no other that shares one of its sizes is closer.
        metric: The quantity to match: "flops", "macs", "params", "bytes" and others.
        budget: The maximum, such as 300_000 or "2 GFLOPs".
        multiple_of: Try only multiples; one number for all varied sizes, or by name: {"E": 8}.
        minimum: The smallest value to try, in the same form.
        maximum: The largest value to try (default: 1,048,576; for two sizes, at most 4,194,304 pairs).
        sizes: Values of the other sizes; those that the metric does not depend on need none. A size with the
            name of an option is given as sizes={"vary": 4}.

    Returns:
        The match. If nothing fits, it is not `found`, and its last note says why.

    Raises as `cost` does, and UsageError for an unknown metric or size, or without a target.

    >>> found = match("[8, 64] -> Linear(64, 64)", "[8, 64] -> Linear(64, H) -> Linear(H, 64)", vary="H")
    >>> found.best[0].sizes
    {'H': 32}
    """
    designs = tuple(map(as_design, (a,) if b is None else (a, b)))
    given, varied = merge_sizes(sizes), _names(vary)
    _check_no_other_names(given, designs)
    check_sizes(given, designs)
    *first, last = designs
    fixed = {name: size for name, size in given.items() if name not in varied}
    return match_designs(
        (*counted_designs(first, given), *counted_designs((last,), fixed)),
        given,
        vary=varied,
        metric=metric,
        budget=parse_budget(budget, metric) if isinstance(budget, str) else budget,
        multiple_of=multiple_of,
        minimum=minimum,
        maximum=maximum,
    )


OTHER_NAMES = {"min": "minimum", "max": "maximum", "multiple": "multiple_of", "by": "metric"}
"""Options by other names."""


def _check_no_other_names(sizes: Mapping[str, Any], designs: Sequence[StatedDesign]) -> None:
    """UsageError for an option by another name, unless it is a size of the designs."""
    known = {
        name for design in designs for name in (design.sizes if isinstance(design, Report) else design.names)
    }
    for name, meant in OTHER_NAMES.items():
        if name in sizes and name not in known:
            raise UsageError(f"no option or size is called {name} (did you mean {meant}?)")


def parse_budget(text: str, metric: str) -> int:
    """Parse an amount of `metric`; the error for an amount of another metric names that."""
    try:
        return parse_amount(text, metric_named(metric))
    except UsageError as error:
        other = next((name for name in UNITS if _is_amount(text, name)), "")
        if not other or metric not in UNITS:
            raise
        what = f"For {BY_NAME[other].standalone_label},"
        raise UsageError(
            error.message, hint=f'{what} use metric="{other}".', cli_hint=f"{what} add --metric {other}."
        ) from None


def _is_amount(text: str, metric: str) -> bool:
    try:
        parse_amount(text, metric)
    except UsageError:
        return False
    return True


def _names(vary: str | Sequence[str]) -> Sequence[str]:
    hint = 'For example, vary="E", or vary="E,K".'
    names = (
        vary.split(",")
        if isinstance(vary, str)
        else check_type("vary", vary, (list, tuple), "a string", hint)
    )
    return [check_type("vary", name, str, "a string", hint).strip() for name in names]


def match_designs(
    designs: tuple[CountedDesign, ...], sizes: Mapping[str, Size], *, vary: Sequence[str], **options: Any
) -> Match:
    """As `match`, with a convention and a dtype among the options."""
    request = Request(designs, tuple(name.strip() for name in vary), **options)
    _check_designs(request)
    metric = metric_named(request.metric)
    if metric == "macs" and request.convention.padding == "valid":
        request = replace(request, metric="valid_macs")  # those that FLOPs are made of
    if metric not in WEIGHT_METRICS:
        reports = (design for design in designs if isinstance(design, Report))
        require_costs(reports, f"a match needs {BY_NAME[metric].standalone_label}")
    _check_varied(request.vary, request.designs[-1], sizes)
    check_sizes(sizes, request.designs)
    sizes = {name: check_int(name, size) for name, size in sizes.items()}
    _check_not_bound(request, sizes)
    *first, design = _designs(request, sizes)
    unsolved = _unsolved_match(request, design, first[0] if first else None)
    answer = _search(design, unsolved)
    remarks = _edge_notes(answer, design) if answer.found else [_why_nothing_fits(answer, design)]
    return replace(answer, notes=(*answer.notes, *_warnings(answer, design), *remarks))


def _warnings(match: Match, design: Design) -> tuple[str, ...]:
    """The warnings of the reference, and of the design with its best sizes."""
    reports = [match.reference] if match.reference else []
    if match.found and isinstance(design.stated, Spec):
        reports.append(match.best[0].report)
    return warning_sentences(warning for report in reports for warning in report.warnings)


def _search(design: Design, unsolved: Match) -> Match:
    """Solve the match, with modules that import NumPy."""
    if len(unsolved.vary) == 1:
        from convcost.search.nearest import search_one_size

        return search_one_size(design, unsolved)
    from convcost.search.pairs import search_two_sizes

    return search_two_sizes(design, unsolved)


def _check_designs(request: Request) -> None:
    if len(request.designs) > 2:
        raise UsageError(f"match takes one or two designs, not {len(request.designs)}")
    if request.budget is None and len(request.designs) == 1:
        raise UsageError(
            "a design to match is missing", hint="Give one before the design to fit, or give a budget."
        )
    if request.budget is not None and len(request.designs) == 2:
        raise UsageError(
            "with a budget, give only the design to fit", hint="Leave out the first design or the budget."
        )


NO_ARGUMENTS = "For arguments of a module: convcost sweep --over-arg."


def _check_varied(vary: tuple[str, ...], design: CountedDesign, sizes: Mapping[str, Size]) -> None:
    names = open_names(design)
    if not any(vary) or not 1 <= len(set(vary)) == len(vary) <= 2:
        message = f"one or two different sizes can be varied, not {', '.join(vary)[:60]}"
        if not any(vary):
            message = "a size to vary is missing"
        raise _vary_error(message, design, [name for name in names if name not in sizes])
    for name in vary:
        if name not in names:
            hint = f"It has {', '.join(names)}." if names else f"It has no open size. {NO_ARGUMENTS}"
            near = did_you_mean(name, names)
            what = f"{design.name}, the design to fit,"
            raise UsageError(f"no size of {what} is called {name[:64]}{near}", hint=hint)


def _vary_error(message: str, design: CountedDesign, names: Sequence[str]) -> UsageError:
    """An error that shows what can be varied: first the sizes that have no default."""
    if not names:
        return UsageError(message, hint=f"{design.name} has no open size to vary.")
    listed = sorted(names, key=lambda name: name in BATCH_LIKE)
    known = f"sizes of {design.name} are" if names[1:] else f"size of {design.name} is"
    example = f"The open {known} {', '.join(listed)}: for example,"
    return UsageError(
        message, hint=f'{example} vary="{listed[0]}".', cli_hint=f"{example} --vary {listed[0]}."
    )


def _check_not_bound(request: Request, sizes: Mapping[str, Size]) -> None:
    elsewhere = {name for design in request.designs[:-1] for name in open_names(design)}
    for name in request.vary:
        if name in sizes and name not in elsewhere:
            raise UsageError(f"{name} is varied but also has a value", hint="Leave one of them out.")


def _designs(request: Request, sizes: Mapping[str, Size]) -> list[Design]:
    """The designs with all their sizes if possible; if one leaves sizes open, so does the other."""
    dtype = dtype_named(request.dtype) if request.dtype else ""
    counted = CountedQuantities((metric_named(request.metric),), request.convention, dtype)
    *first, last = request.designs
    as_design: list[tuple[CountedDesign, tuple[str, ...]]] = [
        *((design, ()) for design in first),
        (last, request.vary),
    ]
    found = [complete_design(design, sizes, vary, counted) for design, vary in as_design]
    if not any(design.left_open for design in found):
        return found
    return [complete_design(design, sizes, vary, counted, only_necessary=True) for design, vary in as_design]


def _unsolved_match(request: Request, design: Design, first: Design | None) -> Match:
    reference = first.report({}) if first else None
    stated, name = design.stated, design.stated.name
    if reference is not None and reference.name == name:
        reference, name = replace(reference, name=f"{name} #1"), f"{name} #2"
    return Match(
        name=name,
        spec=design.text,
        metric=design.counted.metrics[0],
        target=first.cost({}) if first else _budget(request),
        ranges=_ranges(request),
        at_most=first is None,
        reference=reference,
        sizes=design.known,
        assumed=design.assumed,
        left_open=design.left_open,
        convention=request.convention,
        dtype=design.counted.dtype or (stated.dtype if isinstance(stated, Report) else DEFAULT_DTYPE),
        cost_at=design.cost,
    )


def _budget(request: Request) -> Size:
    budget = check_int("budget", request.budget, MOST_DIGITS_OF_A_TOTAL)
    if budget < 0:
        raise count_error("the budget", budget, 0)
    return budget


def _ranges(request: Request) -> dict[str, Range]:
    """The range of each varied size, up to its maximum, or to a default."""
    limits = {name: _limits_of(request, name) for name in request.vary}
    ranges = {name: _range(own) for name, own in limits.items()}
    unlimited = [name for name in request.vary if "maximum" not in limits[name]]
    if len(request.vary) == 2 and unlimited:
        others = prod(len(ranges[name].sizes(name)) for name in request.vary if name not in unlimited)
        count = MOST_PAIRS // others if len(unlimited) == 1 else isqrt(MOST_PAIRS)
        for name in unlimited:
            ranges[name] = ranges[name]._replace(maximum=ranges[name].sizes(name)[: max(count, 1)][-1])
    _check_count(ranges)
    return ranges


def _range(limits: Mapping[str, Size]) -> Range:
    """The range with these limits; if its minimum exceeds the default maximum, that is moved up."""
    found = Range(**limits)
    first = -(-found.minimum // max(found.multiple_of, 1)) * found.multiple_of
    is_beyond = "maximum" not in limits and first > found.maximum
    return found._replace(maximum=first + LARGEST - 1) if is_beyond else found


def _check_count(ranges: Mapping[str, Range]) -> None:
    number, most = prod(len(bounds.sizes(name)) for name, bounds in ranges.items()), MOST_TRIED[len(ranges)]
    if number > most:
        what = f"pairs of {' and '.join(ranges)}" if len(ranges) > 1 else f"values of {''.join(ranges)}"
        raise UsageError(
            f"there are {number:,} {what} to try; the limit is {most:,}",
            hint="Narrow the range with minimum and maximum, or to multiples with multiple_of.",
            cli_hint="Narrow the range with --min and --max, or to multiples with --multiple-of.",
        )


def _limits_of(request: Request, name: str) -> dict[str, Size]:
    """The limits given for the size called `name`, or for all sizes."""
    limits = {what: _limit_of(what, getattr(request, what), name, request.vary) for what in Range._fields}
    return {what: limit for what, limit in limits.items() if limit is not None}


def _limit_of(what: str, limit: PerSize | None, name: str, vary: tuple[str, ...]) -> Size | None:
    """The limit of one size; None if it has none."""
    if not isinstance(limit, Mapping):
        return None if limit is None else check_int(what, limit)
    for other in check_size_names(limit):
        if other not in vary:
            raise _not_varied(what, other[:40])
    return check_int(what, limit[name]) if name in limit else None


def _not_varied(what: str, name: str) -> UsageError:
    """The error for a limit of a size that is not varied."""
    option = {"minimum": "--min", "maximum": "--max"}.get(what, "--multiple-of")
    return UsageError(
        f"{name} has a limit but is not varied",
        hint=f"Leave {name} out of {what}, or add it to vary.",
        cli_hint=f"Leave {name} out of {option}, or add it to --vary.",
    )


def _edge_notes(match: Match, design: Design) -> Iterator[str]:
    """Notes that the search ended at a limit, or where sizes are impossible, before reaching the target."""
    difference = match.best[0].difference
    beyond = match.above if difference < 0 else match.below
    if not difference or beyond is not None:
        return
    for name, sizes in match.searched.items():
        values = {choice.sizes[name] for choice in match.best}
        if values == {sizes[-1]}:
            yield f"{name} = {sizes[-1]:,} is the largest that was tried; a larger one may be closer."
        elif values == {sizes[0]} and sizes[0] > sizes.step:
            yield f"{name} = {sizes[0]:,} is the smallest that was tried; a smaller one may be closer."
        elif difference < 0 and (reason := _impossible(design, {**match.best[0].sizes, name: sizes[-1]})):
            yield f"The largest values of {name} are impossible: {reason}."


def _impossible(design: Design, sizes: Mapping[str, Size]) -> str:
    """Why the design is impossible with these sizes; empty if it is possible."""
    try:
        design.cost(sizes)
    except ConvcostError as error:
        return error.message
    return ""


def _why_nothing_fits(match: Match, design: Design) -> str:
    """Why nothing fits: the cost of the cheapest sizes, or the error of the smallest."""
    names = " and ".join(f"{name} {bounds}" for name, bounds in match.ranges.items())
    if match.above:
        cheapest = f"{sizes_in_full(match.above.sizes)}, has {match.above.cost:,} {UNITS[match.metric]}"
        return f"No {names} stays within the budget: the cheapest, {cheapest}."
    least = {name: sizes[0] for name, sizes in match.searched.items()}
    try:
        design.cost(least) if design.left_open else design.report(least)
    except ConvcostError as error:
        return f"No {names} is possible. With {sizes_in_full(least)}: {error.message}."
    return f"No {names} is possible."
