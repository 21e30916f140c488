"""What torch's own module does: its shapes without data, and its arithmetic on ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.core.cost import Shape, Size
from convcost.counters.run import first_line
from convcost.layers.network import Network
from convcost.tracing.build import build
from convcost.tracing.tensors import first_tensor
from convcost.verify.cases import Case
from convcost.verify.interface import AGREES, REFUSED, Answer, compared
from convcost.verify.run_settings import quiet

if TYPE_CHECKING:
    import torch


class Torch:
    """Runs the layer, and compares shapes, taps on real data and bias adds."""

    name = "torch"
    title = "torch"
    package = "torch"

    def look(self, case: Case) -> Answer:
        """Shapes on the meta device; sums of products of ones, which count them."""
        [row] = case.report.rows
        try:
            output, parameters = shapes(case.network)
            answer = compared(output=(output, row.output), parameters=(parameters, dict(row.parameters)))
            if answer == AGREES and row.contracts:
                return compared(**_sums(case))
        except Exception as error:
            return Answer("new", f"torch does not take it: {first_line(error)}", REFUSED)
        return answer


def _sums(case: Case) -> dict[str, tuple[int, Size | None]]:
    cost = case.report.cost
    products = multiplied(case.network)
    macs = {} if products is None else {"products_on_real_data": (products, cost.valid_macs)}
    return {**macs, "bias_adds": (added(case.network), cost.bias_adds)}


def shapes(network: Network) -> tuple[Shape, dict[str, Shape]]:
    """The output's shape, and each parameter's by its name."""
    module, example = build(network, "meta")
    with quiet():
        output = first_tensor(module(example))
    named = module.named_parameters()
    return tuple(output.shape), {name.rpartition(".")[2]: tuple(tensor.shape) for name, tensor in named}


def multiplied(network: Network) -> int | None:
    """How many products of an input and a weight the outputs are made of: with all of them 1, their sum.

    None where the output is not linear in the input, as that of Bilinear.
    """
    once, twice = (_sum(network, weight=1, bias=0, data=data) for data in (1, 2))
    return once if twice == 2 * once else None


def added(network: Network) -> int:
    """How many additions of a bias the outputs are made of: with weights of 0 and biases of 1, their sum."""
    return _sum(network, weight=0, bias=1, data=1)


def _sum(network: Network, weight: int, bias: int, data: int) -> int:
    import torch

    module, example = build(network, "cpu")
    for name, tensor in module.double().named_parameters():
        torch.nn.init.constant_(tensor, bias if name.endswith("bias") else weight)
    with quiet():
        output: torch.Tensor = module(torch.full_like(example, data, dtype=torch.float64))
    return int(output.sum())
