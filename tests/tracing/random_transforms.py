"""Pieces that a transform stands before: scripted, traced, exported, compiled, differentiated."""

import warnings
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.func import functional_call, grad, jacfwd, jacrev, jvp, vjp, vmap
from torch.utils.checkpoint import checkpoint, checkpoint_sequential
from tracing.random_models import ANY_NAME, Piece, calls, kind, kinds, matrix


def layers(width):
    return nn.Sequential(nn.Linear(width, 6), nn.ReLU(), nn.Linear(6, 3))


def plain(rows, width):
    return rows * 6 * (width + 3)


def wrapped(wrap, macs=plain, **known):
    """A small network out of which `wrap` makes another, for the given sizes."""

    def make(draw):
        with warnings.catch_warnings(action="ignore"):
            inner = wrap(layers(draw.width), draw)
        cost = macs(draw.rows, draw.width)
        return calls(lambda module, x: module.inner(x), cost, held={"inner": inner}, **known)

    return make


class Deciding(nn.Module):
    """A script keeps both branches."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        if bool((x * x).sum() >= 0):
            return self.inner(x)
        return x


class Forking(nn.Module):
    """A script whose work torch gives to a thread of its own."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        other = torch.jit.fork(self.inner, x)
        return self.inner(x) + torch.jit.wait(other)


def forking(draw):
    """No kind for random models, as it may go well by chance."""
    known = {"names": (ANY_NAME,), "may_name": True}
    make = wrapped(
        lambda inner, _: torch.jit.script(Forking(inner)), lambda rows, width: 2 * plain(rows, width), **known
    )
    return make(draw)


def scripted_function(x: Tensor, weight: Tensor) -> Tensor:
    for _ in range(2):
        x = torch.mm(x, weight).relu()
    return x


@cache
def script_of_function():
    with warnings.catch_warnings(action="ignore"):
        return torch.jit.script(scripted_function)


@kind("scripted function")
def function_script(draw):
    function = script_of_function()
    macs = 2 * draw.rows * draw.width**2
    held = {"weight": matrix(draw.width, draw.width)}
    return calls(lambda module, x: function(x, module.weight), macs, held=held)


@cache
def exported(rows, width):
    module = torch.export.export(layers(width), (torch.randn(rows, width),)).module()
    module.train = lambda mode=True: module  # torch refuses to switch it
    return module


kinds(
    {
        "scripted": wrapped(lambda inner, _: torch.jit.script(inner)),
        "scripted with a branch": wrapped(lambda inner, _: torch.jit.script(Deciding(inner))),
        "scripted and frozen": wrapped(lambda inner, _: torch.jit.freeze(torch.jit.script(inner.eval()))),
        "traced": wrapped(lambda inner, draw: torch.jit.trace(inner, torch.randn(draw.rows, draw.width))),
        "optimized for inference": wrapped(
            lambda inner, _: torch.jit.optimize_for_inference(torch.jit.script(inner.eval()))
        ),
        "exported": wrapped(lambda _, draw: exported(draw.rows, draw.width)),
        "symbolically traced": wrapped(lambda inner, _: torch.fx.symbolic_trace(inner)),
        "compiled": wrapped(lambda inner, _: torch.compile(inner)),
        "compiled, fullgraph": wrapped(
            lambda inner, _: torch.compile(inner, fullgraph=True, backend="eager")
        ),
    }
)


def recipe_of_function(function, macs, **known):
    """A function of the module and its input, around a small network."""

    def make(draw):
        return calls(function, macs(draw.rows, draw.width), held={"inner": layers(draw.width)}, **known)

    return make


def compiled_function(module, x):
    return torch.compile(lambda y: 2 * module.inner(y))(x)


def by_functional_call(module, x):
    return functional_call(module.inner, dict(module.inner.named_parameters()), (x,))


def ensemble(module, x):
    """Two sets of weights in one call."""
    weights = {name: torch.stack([value, value]) for name, value in module.inner.named_parameters()}
    return vmap(lambda held: functional_call(module.inner, held, (x,)))(weights)


kinds(
    {
        "compiler.disable": recipe_of_function(
            lambda module, x: torch.compiler.disable(module.inner.forward)(x), plain
        ),
        "compiled function": recipe_of_function(compiled_function, plain),
        "functional_call": recipe_of_function(by_functional_call, plain),
        "vmap over rows": recipe_of_function(lambda module, x: vmap(module.inner)(x), plain),
        "vmap over weights": recipe_of_function(ensemble, lambda rows, width: 2 * plain(rows, width)),
        "nested vmap": recipe_of_function(
            lambda module, x: vmap(vmap(module.inner))(x.view(2, -1, x.shape[1])), plain
        ),
        "checkpoint": recipe_of_function(
            lambda module, x: checkpoint(module.inner, x, use_reentrant=False), plain
        ),
        "reentrant checkpoint": recipe_of_function(
            lambda module, x: checkpoint(module.inner, x, use_reentrant=True), plain
        ),
        "checkpoint_sequential": recipe_of_function(
            lambda module, x: checkpoint_sequential(module.inner, 2, x, use_reentrant=False), plain
        ),
        "func.grad": recipe_of_function(
            lambda module, x: grad(lambda y: module.inner(y).sum())(x),
            lambda rows, width: 2 * plain(rows, width),
        ),
        "vjp": recipe_of_function(
            lambda module, x: vjp(module.inner, x)[1](torch.ones(x.shape[0], 3)),
            lambda rows, width: 2 * plain(rows, width),
        ),
        "jvp": recipe_of_function(
            # torch multiplies by the weight's tangent too, which is zeros.
            lambda module, x: jvp(module.inner, (x,), (torch.ones_like(x),)),
            lambda rows, width: 3 * plain(rows, width),
        ),
        "autograd.functional.jacobian": recipe_of_function(
            lambda module, x: torch.autograd.functional.jacobian(module.inner, x[0].detach()),
            lambda rows, width: 4 * plain(1, width),
        ),
        "jacrev": recipe_of_function(
            lambda module, x: jacrev(module.inner)(x[0]), lambda rows, width: 4 * plain(1, width)
        ),
        "jacfwd": recipe_of_function(
            lambda module, x: jacfwd(module.inner)(x[0]), lambda rows, width: (width + 2) * plain(1, width)
        ),
    }
)


@torch.enable_grad()
def input_gradient(module, x):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(module.inner(x).sum(), x)[0]


@torch.enable_grad()
def weight_gradient(module, x):
    """By both weights, and by what stands between them."""
    return torch.autograd.grad(module.inner(x.detach()).sum(), list(module.inner.parameters()))


@torch.enable_grad()
def backward_call(module, x):
    x = x.detach().requires_grad_()
    weight = module.inner[0].weight.detach()
    F.linear(x, weight).sum().backward()
    return x.grad


@torch.enable_grad()
def second_gradient(module, x):
    """y = x w and its gradient, 2 y w.T; then the gradient of that, by y and by x. All products are alike."""
    x = x.detach().requires_grad_()
    (first,) = torch.autograd.grad(
        (x @ module.inner[0].weight.detach().mT).square().sum(), x, create_graph=True
    )
    return torch.autograd.grad(first.sum(), x)[0]


kinds(
    {
        "autograd.grad by input": recipe_of_function(
            input_gradient, lambda rows, width: 2 * plain(rows, width)
        ),
        "autograd.grad by weights": recipe_of_function(
            weight_gradient, lambda rows, width: 2 * plain(rows, width) + rows * 18
        ),
        "backward()": recipe_of_function(backward_call, lambda rows, width: 2 * rows * width * 6),
        "second autograd.grad": recipe_of_function(second_gradient, lambda rows, width: 4 * rows * width * 6),
    }
)


@torch.enable_grad()
def several_gradients(module, x):
    """Three at once."""
    x = x.detach().requires_grad_()
    output = module.inner(x)
    return torch.autograd.grad(output, x, torch.ones(3, *output.shape), is_grads_batched=True)[0]


def vectorized(**options):
    """A row for each of three outputs at once."""
    return lambda module, x: torch.autograd.functional.jacobian(
        module.inner, x[0].detach(), vectorize=True, **options
    )


def dual_numbers(module, x):
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x.detach(), torch.ones_like(x))
        return forward_ad.unpack_dual(module.inner(dual)).tangent


kinds(
    {
        "is_grads_batched": recipe_of_function(several_gradients, lambda rows, width: 4 * plain(rows, width)),
        "vectorized jacobian": recipe_of_function(vectorized(), lambda rows, width: 4 * plain(1, width)),
        "vectorized jacobian to be differentiated": recipe_of_function(
            vectorized(create_graph=True), lambda rows, width: 4 * plain(1, width)
        ),
        "forward-mode jacobian": recipe_of_function(
            vectorized(strategy="forward-mode"), lambda rows, width: (width + 2) * plain(1, width)
        ),
        "dual numbers": recipe_of_function(dual_numbers, lambda rows, width: 3 * plain(rows, width)),
    }
)


def conditional(module, x):
    """torch.cond with a product in the branch that is taken."""
    operands = (x, module.inner[0].weight.mT)
    return torch.cond(x.square().sum() >= 0, lambda x, w: x @ w, lambda x, w: x[:, :6] + 1, operands)


kinds(
    {"torch.cond": recipe_of_function(conditional, lambda rows, width: rows * width * 6, is_dispatched=False)}
)


class Wrapper(torch.Tensor):
    """A subclass that does nothing of its own."""


@kind("tensor subclass")
def subclass(draw):
    return calls(
        lambda module, x: F.linear(x.as_subclass(Wrapper), module.weight).as_subclass(torch.Tensor),
        draw.rows * draw.width * 6,
        held={"weight": matrix(6, draw.width)},
    )


@kind("DataParallel")
def data_parallel(draw):
    return Piece(nn.DataParallel(layers(draw.width)), plain(draw.rows, draw.width))
