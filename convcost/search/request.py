"""What a match is asked for: checked, and completed with what the designs say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from convcost.api import Design as Stated
from convcost.api import check_sizes
from convcost.core.arguments import MOST_DIGITS_OF_A_TOTAL, checked_names
from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import UsageError, did_you_mean
from convcost.core.match import LARGEST, Match, PerSize, Range, metric_named
from convcost.search.design import CountedQuantity, Design
from convcost.search.fit import fit_one, fit_two
from convcost.search.notes import edges, reason
from convcost.search.relevant_sizes import completed, open_names
from convcost.spec.spec import whole


@dataclass(frozen=True)
class Request:
    """Which sizes of the last of `designs` to vary, and towards what: the first one's cost, or a budget."""

    designs: tuple[Stated, ...]
    vary: tuple[str, ...]
    metric: str = "flops"
    budget: Size | None = None
    multiple_of: PerSize = 1
    minimum: PerSize = 1
    maximum: PerSize = LARGEST
    convention: Convention = MATMUL
    dtype: str = "float32"


def answered(request: Request, sizes: Mapping[str, Size]) -> Match:
    """What fits: UsageError where the request does not make sense, UnboundSizeError where a size is missing.

    Where nothing fits, the match has no `best`, and its last note says why.
    """
    _check_designs(request)
    _check_varied(request.vary, request.designs[-1])
    check_sizes(sizes, request.designs)
    sizes = {name: whole(name, size) for name, size in sizes.items()}
    _check_given_too(request, sizes)
    *first, design = _designs(request, sizes)
    asked = _asked(request, design, first[0] if first else None)
    answer = fit_one(design, asked) if len(request.vary) == 1 else fit_two(design, asked)
    remarks = edges(answer) if answer.found else [reason(answer, design)]
    return replace(answer, notes=(*answer.notes, *remarks))


def _check_designs(request: Request) -> None:
    if len(request.designs) > 2:
        raise UsageError(f"a match takes one design or two, not {len(request.designs)}")
    if request.budget is None and len(request.designs) == 1:
        raise UsageError("there is nothing to match", hint="Give a design to match in front, or a budget.")
    if request.budget is not None and len(request.designs) == 2:
        raise UsageError("a budget takes the first design's place", hint="Give one design, or no budget.")


def _check_varied(vary: tuple[str, ...], design: Stated) -> None:
    if not 1 <= len(set(vary)) == len(vary) <= 2:
        raise UsageError(
            f"one size or two are varied, not {', '.join(vary)[:60] or 'none'}", hint="Write --vary E,K."
        )
    names = open_names(design)
    for name in vary:
        if name not in names:
            has = f"It has {', '.join(names)}." if names else "It has no open size."
            near = did_you_mean(name, names)
            raise UsageError(f"no size of {design.name} is called {name[:64]}{near}", hint=has)


def _check_given_too(request: Request, sizes: Mapping[str, Size]) -> None:
    elsewhere = {name for design in request.designs[:-1] for name in open_names(design)}
    for name in request.vary:
        if name in sizes and name not in elsewhere:
            raise UsageError(f"{name} is varied and has a value", hint="Leave one of them out.")


def _designs(request: Request, sizes: Mapping[str, Size]) -> list[Design]:
    """The designs, with all their sizes if possible; what one leaves open, the other does too."""
    counted = CountedQuantity(metric_named(request.metric), request.convention, request.dtype)
    *first, last = request.designs
    stated: list[tuple[Stated, tuple[str, ...]]] = [*((design, ()) for design in first), (last, request.vary)]
    found = [completed(design, sizes, vary, counted) for design, vary in stated]
    if not any(design.left_open for design in found):
        return found
    return [completed(design, sizes, vary, counted, sparing=True) for design, vary in stated]


def _asked(request: Request, design: Design, first: Design | None) -> Match:
    reference = first.report({}) if first else None
    name = design.name
    if reference is not None and reference.name == name:
        reference, name = replace(reference, name=f"{name} #1"), f"{name} #2"
    return Match(
        name=name,
        spec=design.text,
        metric=design.counted.metric,
        target=first.cost({}) if first else _budget(request),
        ranges={name: _range(request, name) for name in request.vary},
        at_most=first is None,
        reference=reference,
        sizes=design.known,
        assumed=design.assumed,
        left_open=design.left_open,
        convention=request.convention,
        dtype=request.dtype,
    )


def _budget(request: Request) -> Size:
    budget = whole("budget", request.budget, MOST_DIGITS_OF_A_TOTAL)
    if budget < 0:
        raise UsageError(f"the budget is {budget}", hint="Give 0 or more.")
    return budget


def _range(request: Request, name: str) -> Range:
    limits = zip(
        ("multiple_of", "minimum", "maximum"),
        (request.multiple_of, request.minimum, request.maximum),
        Range(),
        strict=True,
    )
    return Range(*(_own_limit(what, limit, name, usual, request.vary) for what, limit, usual in limits))


def _own_limit(what: str, limit: PerSize, name: str, usual: Size, vary: tuple[str, ...]) -> Size:
    if not isinstance(limit, Mapping):
        return whole(what, limit)
    for other in checked_names(limit):
        if other not in vary:
            raise UsageError(f"{what.replace('_', ' ')} of {other[:40]}, which is not varied")
    return whole(what, limit.get(name, usual))
