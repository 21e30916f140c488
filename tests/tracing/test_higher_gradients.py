"""Gradients of gradients, as in gradient penalties: worked by hand, or counted where torch runs them."""

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from tracing.models import Calls

from convcost.tracing.profile import Profiler


class Products(TorchDispatchMode):
    """MACs of matrix products as torch runs them on data."""

    macs = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        factor = {"aten::mm": 0, "aten::bmm": 0, "aten::addmm": 1}.get(func._schema.name)
        if factor is not None:
            self.macs += output.numel() * args[factor].shape[-1]
        return output


def derivative(order):
    """The energy of `net`, and its squared gradients up to `order`."""

    def forward(module, x):
        x = x.requires_grad_()
        energy = module.net(x).sum()
        for _ in range(order):
            (gradient,) = torch.autograd.grad(energy, x, create_graph=True)
            energy = (gradient**2).sum()
        return energy

    return forward


def attention(module, x):
    query, key, value = module.qkv(x).chunk(3, -1)
    return nn.functional.scaled_dot_product_attention(query, key, value)


NETS = {
    "perceptron": lambda: nn.Sequential(nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3), nn.Tanh()),
    "without bias": lambda: nn.Sequential(
        nn.Linear(8, 6, bias=False), nn.Tanh(), nn.Linear(6, 3, bias=False)
    ),
    "attention": lambda: Calls(attention, qkv=nn.Linear(8, 24)),
    "einsum": lambda: Calls(
        lambda m, x: torch.einsum("bti,oi->bto", x, m.a.weight).tanh(), a=nn.Linear(8, 3)
    ),
}


def macs(trace):
    return sum(operation.cost.macs for operation in trace.operations)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_each_order_costs_the_products_that_torch_runs(net, order):
    model, x = Calls(derivative(order), net=net()), torch.randn(2, 5, 8)
    trace = Profiler(backward=True).profile(model, x).trace
    with Products() as counted, sdpa_kernel(SDPBackend.MATH):
        model(x.clone()).backward()
    assert (macs(trace), trace.uncounted) == (counted.macs, ())


def test_a_convolutions_gradients_have_its_loops():
    net = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 2, 3))
    trace = Profiler(backward=True).profile(Calls(derivative(1), net=net), torch.randn(2, 2, 6, 6)).trace
    first, second = 2 * 36 * 4 * 2 * 9, 2 * 16 * 2 * 4 * 9
    # Forward and the gradient by the input; then of that gradient, by both factors of the first and the
    # second weight; then through the energy by the first's weight and input.
    assert macs(trace) == 2 * (first + second) + 2 * first + second + 2 * first


@pytest.mark.parametrize(
    ("order", "backward", "calls"), [(1, False, 0), (1, True, 1), (2, False, 1), (2, True, 3)]
)
def test_what_has_no_formula_for_it_is_named_each_time_it_is_differentiated(order, backward, calls):
    model = Calls(derivative(order), net=nn.RNNCell(8, 6))
    trace = Profiler(backward=backward).profile(model, torch.randn(2, 8)).trace
    missed = [(each.operator, each.calls) for each in trace.uncounted]
    assert {name for name, _ in missed} <= {"aten::rnn_tanh_cell_double_backward"}
    assert sum(number for _, number in missed) == calls
