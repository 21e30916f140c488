"""The memory that a module holds on inputs with open sizes, as formulas that a run on numbers confirms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.trace import Held
from convcost.tracing.fused import fused
from convcost.tracing.inputs import Declared, Inputs
from convcost.tracing.isolation import Call, isolated
from convcost.tracing.live_storage import Measure
from convcost.tracing.memory_profile import evaluated, reason_of, trained
from convcost.tracing.memory_profile import held as held_on_numbers
from convcost.tracing.model_parts import anatomy
from convcost.tracing.saved_tensors import in_dtype, stored
from convcost.tracing.symbolic_shapes.fake import shapes_only
from convcost.tracing.symbolic_shapes.run import as_shape, opened
from convcost.tracing.symbolic_shapes.sizes import Sizes

if TYPE_CHECKING:
    import torch

NOT_CONFIRMED = "a run on numbers held something else than the formulas say"
TOO_MANY = "it depends on the sizes in too many ways; numbers for them give it"


def held(
    module: torch.nn.Module, inputs: Inputs, report: Report, examples: Mapping[str, int], dtype: str
) -> Held:
    """What `module` holds on `inputs`, in formulas; where they fail, or are not confirmed, it is said why.

    The `examples` decide where the module or torch asks about a size, as they did for its `report`.
    """
    try:
        found = _in_formulas(module, inputs, report, examples, dtype)
        is_confirmed = all(
            _confirmed(found, module, inputs, sizes, dtype) for sizes in _others(report, examples)
        )
    except Exception as error:
        return _unknown(module, report, dtype, reason_of(error))
    if not is_confirmed:
        return _unknown(module, report, dtype, NOT_CONFIRMED)
    return found if None not in found[:-2] else found._replace(reason=TOO_MANY)


def _unknown(module: torch.nn.Module, report: Report, dtype: str, reason: str) -> Held:
    inputs = report.trace.inputs if report.trace else ()
    found = stored(anatomy(module), (), dtype)
    return found._replace(inputs=sum(tensor.bytes for tensor in inputs), reason=reason)


def _in_formulas(
    module: torch.nn.Module, inputs: Inputs, report: Report, examples: Mapping[str, int], dtype: str
) -> Held:
    from convcost.symbolic.maximum import as_sympy, largest_under
    from convcost.symbolic.report_mapping import throughout

    largest = largest_under(report.assumptions)
    with _prepared(module, inputs, examples, dtype) as (model, call, sizes):
        args, kwargs = call
        forward = evaluated(model, args, kwargs, Measure(sizes.formula, largest))
    with _prepared(module, inputs, examples, dtype) as (model, call, sizes):
        args, kwargs = call
        kept, training = trained(model, args, kwargs, Measure(sizes.formula, largest))
        found = stored(anatomy(model), call, dtype)
        given = sizes.formula(found.inputs)
    numbers = {"inputs": given, "kept": kept, "forward": forward, "training": training}
    in_sympy = {name: throughout(number, as_sympy) for name, number in numbers.items()}
    return found._replace(**in_sympy, ran="shapes")


@contextmanager
def _prepared(
    module: torch.nn.Module, inputs: Inputs, examples: Mapping[str, int], dtype: str
) -> Iterator[tuple[torch.nn.Module, Any, Sizes]]:
    """The module made ready, what it is called with, and the sizes in it."""
    import torch

    sizes = Sizes(examples)

    def without_device(tensor: torch.Tensor) -> torch.Tensor:
        """As a run on numbers has it."""
        return as_shape(tensor).to("meta")

    copy = in_dtype(without_device, dtype)
    with shapes_only(sizes.environment), isolated(Call(module, (), {}), copy, copy) as copied, fused():
        with sizes.inquiry.inside_torch():
            call = torch.utils._pytree.tree_map_only(torch.Tensor, copy, opened(inputs, sizes))
        yield copied.model, call, sizes


def _others(report: Report, examples: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Further sizes that the report's assumptions allow, if one of a few does."""
    from convcost.symbolic.open_sizes import check_assumptions

    for factor, more in ((2, 0), (1, 2), (3, 1), (4, 0)):
        sizes = {name: factor * size + more for name, size in examples.items()}
        try:
            check_assumptions(report, sizes)
        except UsageError:
            continue
        yield sizes
        return


def _confirmed(
    found: Held, module: torch.nn.Module, inputs: Inputs, sizes: Mapping[str, int], dtype: str
) -> bool:
    """Whether a run on these `sizes` holds what the formulas say."""
    import torch

    from convcost.symbolic.maximum import value_of

    def tensor(declared: Declared) -> torch.Tensor:
        return declared.sized(sizes).tensor(torch.get_default_dtype(), "meta")

    args = tuple(map(tensor, inputs.args))
    kwargs = {name: tensor(declared) for name, declared in inputs.kwargs.items()}
    numbers = held_on_numbers(Call(module, args, kwargs), dtype=dtype)
    names = ("inputs", "kept", "forward", "training")
    pairs = ((getattr(found, name), getattr(numbers, name)) for name in names)
    return all(number == value_of(formula, sizes) for formula, number in pairs if formula is not None)
