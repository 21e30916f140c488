"""What a model runs on open sizes: operations whose sizes and costs are formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.core.cost import Shape
from convcost.operators.interface import Operator, Sized
from convcost.operators.recurrent import GATES
from convcost.tracing.data_access import ShapesAccess
from convcost.tracing.recorder import Recorder
from convcost.tracing.storage_ownership import Runner
from convcost.tracing.symbolic_shapes.expressions import NoFormulaError
from convcost.tracing.symbolic_shapes.indices import Indices
from convcost.tracing.symbolic_shapes.sizes import Sizes
from convcost.tracing.symbolic_shapes.units import Unit, lifted
from convcost.tracing.tape import Tape
from convcost.tracing.tensors import tensors
from convcost.tracing.virtual_devices import VirtualDevices
from convcost.tracing.whole_functions import Whole

if TYPE_CHECKING:
    import torch


def in_formulas(value: Any, sizes: Sizes) -> Any:
    """`value` with its sizes as formulas, and its tensors as nothing but theirs."""
    import torch

    if isinstance(value, torch.Tensor):
        return Sized(sizes.shape(value))
    if isinstance(value, torch.SymInt):
        return sizes.formula(value)
    if isinstance(value, list | tuple):
        return tuple(in_formulas(part, sizes) for part in value)
    return value


@dataclass(kw_only=True)
class OpenTape(Tape):
    """Keeps formulas, of no torch symbol."""

    sizes: Sizes

    def record(self, name: str, operator: Operator | None, arguments: dict[str, Any], output: Any) -> None:
        known = operator and operator._replace(
            cost=self._rule(name, operator.cost),
            activations=operator.activations and self._rule(name, operator.activations),
            estimated=self._rule(name, operator.estimated)
            if callable(operator.estimated)
            else operator.estimated,
            sparse=None,
        )
        super().record(name, known, arguments, output)

    def _rule(self, name: str, rule: Callable[..., Any]) -> Callable[..., Any]:
        """`rule` on formulas; NoFormulaError where it needs a number."""

        def on_formulas(**arguments: Any) -> Any:
            given = {label: in_formulas(value, self.sizes) for label, value in arguments.items()}
            try:
                return rule(**given)
            except (TypeError, AttributeError) as error:
                message = f"what {name} costs has no formula while a size that it works on is open"
                raise NoFormulaError(message) from error

        return on_formulas

    def shape_of(self, tensor: Any) -> Shape:
        return self.sizes.shape(tensor)


class OpenRecorder(Recorder):
    """Runs everything on torch's fake tensors; what comes out has simple sizes."""

    def __init__(self, tape: OpenTape) -> None:
        import torch

        devices = VirtualDevices(torch.device("cpu"), has_data=True)
        super().__init__(tape, Runner(), devices, ShapesAccess(tape))
        self._sizes = tape.sizes
        self._indices = Indices()
        self.units: list[Unit] = []

    def function(self, mode: Any, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        self._ask_for_asserted(function, (*args, *kwargs.values()))
        with self._sizes.inquiry.inside_torch():
            output = super().function(mode, function, args, kwargs)
        self._note(function, args, kwargs, output)
        return output

    def operator(self, mode: Any, overload: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        with self._sizes.inquiry.of_model():
            self._indices.check(overload._schema.name, args)
        with self._sizes.inquiry.inside_torch():
            if overload.namespace == "prim":
                return overload(*args, **kwargs)
            output = self._simplified(super().operator(mode, overload, args, kwargs), args)
            self._indices.follow(overload, args, kwargs, output)
        self._note(overload, args, kwargs, output)
        return output

    def _ask_for_asserted(self, function: Any, given: tuple[Any, ...]) -> None:
        """What a model hands to torch._assert it asks itself, as by a plain assert."""
        import torch

        if function is torch._assert:
            with self._sizes.inquiry.of_model():
                any(condition for condition in given if isinstance(condition, torch.SymBool))

    def _note(self, function: Any, args: Any, kwargs: Mapping[str, Any], output: Any) -> None:
        """Keep a call by the model that asked about sizes."""
        inquiry = self._sizes.inquiry
        if not inquiry.depth and inquiry.recent:
            shapes = tuple(map(self._sizes.shape, tensors((output,))))
            args, kwargs = lifted((args, dict(kwargs)), self._sizes.formula)
            self.units.append(Unit(function, args, kwargs, shapes, tuple(inquiry.recent)))

    def _output(self, known: Whole, arguments: dict[str, Any]) -> Any:
        """Torch takes norms apart and runs recurrent layers step by step: what they yield is said instead."""
        rule, first = known.operator.output, next(iter(arguments.values()))
        if rule is None or not (known.operator.is_same or known.name in GATES):
            return None
        shapes = rule(**arguments)
        if shapes is None or known.in_place:
            return None if shapes is None else first
        return _of_shapes(shapes, first.dtype)

    def _simplified(self, output: Any, args: Any) -> Any:
        """An output of its own that has simple sizes instead: its strides and memory matter to no cost."""
        import torch

        if isinstance(output, list | tuple):
            return type(output)(self._simplified(part, args) for part in output)
        if not isinstance(output, torch.Tensor) or any(output is given for given in args):
            return output
        shape = tuple(map(self._sizes.simple, output.shape))
        return torch.empty(shape, dtype=output.dtype, device=output.device)


def _of_shapes(shapes: Any, dtype: torch.dtype) -> Any:
    import torch

    if isinstance(shapes, list):
        return tuple(torch.empty(shape, dtype=dtype) for shape in shapes)
    return torch.empty(shapes, dtype=dtype)
