"""What a match is asked for: checked, and completed with what the designs say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from convcost.errors import UnboundSizeError, UsageError, did_you_mean
from convcost.fitting.design import Design
from convcost.fitting.fit import fit_one, fit_two, reason
from convcost.matching import LARGEST, Match, PerSize, Range, metric_named
from convcost.quantities import MATMUL, Convention, Size
from convcost.report import Report
from convcost.spec import Spec, check_names
from convcost.spec.spec import BATCH_LIKE, whole


@dataclass(frozen=True)
class Request:
    """Which sizes of the last of `specs` to vary, and towards what: the first one's cost, or a budget."""

    specs: tuple[Spec, ...]
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
    spec = request.specs[-1]
    _check_designs(request)
    _check_varied(request.vary, spec)
    check_names(sizes, request.specs)
    _check_given_too(request, sizes)
    reference = _reference(request, sizes)
    design = _design(request, sizes)
    asked = _asked(request, design, reference)
    answer = fit_one(design, asked) if len(request.vary) == 1 else fit_two(design, asked)
    return answer if answer.found else _in_vain(answer, design)


def _check_designs(request: Request) -> None:
    if len(request.specs) > 2:
        raise UsageError(f"a match takes one design or two, not {len(request.specs)}")
    if request.budget is None and len(request.specs) == 1:
        raise UsageError("there is nothing to match", hint="Give a design to match in front, or a budget.")
    if request.budget is not None and len(request.specs) == 2:
        raise UsageError("a budget takes the first design's place", hint="Give one design, or no budget.")


def _check_varied(vary: tuple[str, ...], spec: Spec) -> None:
    if not 1 <= len(set(vary)) == len(vary) <= 2:
        raise UsageError(
            f"one size or two are varied, not {', '.join(vary)[:60] or 'none'}", hint="Write --vary E,K."
        )
    for name in vary:
        if name not in spec.names:
            has = f"It has {', '.join(spec.names)}." if spec.names else "It has no open size."
            near = did_you_mean(name, spec.names)
            raise UsageError(f"no size of {spec.name} is called {name[:64]}{near}", hint=has)


def _check_given_too(request: Request, sizes: Mapping[str, Size]) -> None:
    elsewhere = {name for spec in request.specs[:-1] for name in spec.names}
    for name in request.vary:
        if name in sizes and name not in elsewhere:
            raise UsageError(f"{name} is varied and has a value", hint="Leave one of them out.")


def _reference(request: Request, sizes: Mapping[str, Size]) -> Report | None:
    if request.budget is not None:
        return None
    spec = request.specs[0]
    _check_bound(spec, sizes)
    return spec.report(_own(spec, sizes), request.convention, request.dtype)


def _design(request: Request, sizes: Mapping[str, Size]) -> Design:
    spec = request.specs[-1]
    fixed = {name: size for name, size in _own(spec, sizes).items() if name not in request.vary}
    _check_bound(spec, {*fixed, *request.vary})
    return Design(spec, fixed, metric_named(request.metric), request.convention, request.dtype)


def _own(spec: Spec, sizes: Mapping[str, Size]) -> dict[str, Size]:
    return {name: sizes[name] for name in spec.names if name in sizes}


def _check_bound(spec: Spec, given: Iterable[str]) -> None:
    if missing := [name for name in spec.names if name not in {*given, *BATCH_LIKE}]:
        verb = "have no values" if missing[1:] else "has no value"
        options = " ".join(f"--{name} 128" for name in missing)
        raise UnboundSizeError(f"{', '.join(missing)} {verb}", hint=f"Give sizes: {options}")


def _asked(request: Request, design: Design, reference: Report | None) -> Match:
    target: Size = getattr(reference, design.metric) if reference else whole("budget", request.budget)
    name = design.spec.name
    if reference is not None and reference.name == name:
        reference, name = replace(reference, name=f"{name} #1"), f"{name} #2"
    bound = design.bound(dict.fromkeys(request.vary, 1))
    return Match(
        name=name,
        spec=design.spec.text,
        metric=design.metric,
        target=target,
        ranges={name: _range(request, name) for name in request.vary},
        reference=reference,
        sizes={name: size for name, size in bound.items() if name not in request.vary},
        assumed=tuple(name for name in bound if name not in design.sizes and name not in request.vary),
        convention=request.convention,
        dtype=request.dtype,
    )


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
    for other in limit:
        if other not in vary:
            raise UsageError(f"{what.replace('_', ' ')} of {other[:40]}, which is not varied")
    return whole(what, limit.get(name, usual))


def _in_vain(answer: Match, design: Design) -> Match:
    names = " and ".join(f"{name} {bounds}" for name, bounds in answer.ranges.items())
    what = "is possible" if len(answer.vary) == 1 else "keeps within the target"
    said = f"No {names} {what}. {reason(design, answer)}"
    return replace(answer, notes=(*answer.notes, said))
