"""Pieces that are the user's own operators: named, or counted by the user's formula."""

import torch
from tracing import user_operators as ops
from tracing.random_models import FORMULA, calls, kinds, matrix, named
from tracing.user_operators import SPACE

from convcost import Cost


def to_integers(x):
    return (4 * torch.tanh(x)).long()


def changed(operator, make=lambda x: x.detach().clone()):
    """What an operator that returns nothing leaves in what it writes to."""

    def run(_, x):
        target = make(x)
        operator(target)
        return target[0] if isinstance(target, list) else target

    return run


def written(operator):
    def run(module, x):
        out = torch.zeros(x.shape[0], 6)
        operator(x.detach(), module.weight.detach(), out)
        return out

    return run


def by_weight(operator):
    return lambda module, x: operator(x.detach(), module.weight.detach())


CALLS = {
    "product": by_weight(ops.product),
    "without_fake": by_weight(ops.without_fake),
    "list_of": lambda _, x: ops.list_of(x.detach(), 2),
    "pair": lambda _, x: ops.pair(x.detach()),
    "real_number": lambda _, x: x * ops.real_number(x),
    "whole_number": lambda _, x: x * ops.whole_number(x),
    "truth": lambda _, x: (x, -x)[ops.truth(x)],
    "number_with_fake": lambda _, x: x * ops.number_with_fake(x),
    "into_out": written(ops.into_out),
    "into_out_without_fake": written(ops.into_out_without_fake),
    "in_place": changed(ops.in_place),
    "of_list": lambda _, x: ops.of_list([x.detach(), x.detach()]),
    "list_in_place": changed(ops.list_in_place, lambda x: [x.detach().clone()]),
    "optional": lambda _, x: ops.optional(x.detach()),
    "tensor_of_numbers": lambda _, x: ops.tensor_of_numbers(*x.shape),
    "number_of_numbers": lambda _, x: x * ops.number_of_numbers(*x.shape),
    "whole_numbers": lambda _, x: ops.whole_numbers(to_integers(x)),
    "whole_numbers_in_place": changed(ops.whole_numbers_in_place, to_integers),
    "truths": lambda _, x: ops.truths(x > 0),
    "cpu_only": lambda _, x: torch.ops.silent.cpu_only(x.detach()),
    "cpu_and_meta": lambda _, x: torch.ops.silent.cpu_and_meta(x.detach()),
    "explicit": lambda _, x: torch.ops.silent.explicit(x.detach()),
    "aliasing": changed(torch.ops.silent.aliasing),
    "view_like": lambda _, x: torch.ops.silent.view_like(x.detach()),
    "scalars": lambda _, x: x * torch.ops.silent.scalars(x.detach())[1],
    "no_result": lambda _, x: (x, torch.ops.silent.no_result(x.detach()))[0],
    "empty_list": lambda _, x: [*torch.ops.silent.empty_list(x.detach()), x],
    "no_arguments": lambda _, x: torch.ops.silent.no_arguments(),
    "nothing": lambda _, x: (x, torch.ops.silent.nothing())[0],
    "overloaded": lambda _, x: torch.ops.silent.overloaded(x.detach(), times=2),
    "with_autograd": lambda module, x: ops.with_autograd(x, module.weight),
    "texts": lambda _, x: x * torch.ops.silent.texts("a", 2.0),
}
"""Each operator as a forward calls it."""


def without_formula(name):
    def make(draw):
        return named(CALLS[name], f"{SPACE}::{name}", held={"weight": matrix(draw.width, 6)})

    return make


def with_formula(name):
    """The user's number is taken whatever the operator does."""

    def make(draw):
        macs = draw.choice(7, 1000, 12345)
        formulas = {f"{SPACE}::{name}": lambda **_: Cost(macs=macs)}
        held = {"weight": matrix(draw.width, 6)}
        return calls(CALLS[name], macs, held=held, is_dispatched=False, formulas=formulas)

    return make


def composite(function):
    """What is written as torch code for all devices is counted as that."""

    def make(draw):
        return calls(function, draw.rows * draw.rows * draw.width)

    return make


def shaped_formula(draw):
    """A formula takes the operator's arguments by name."""
    formulas = {"silent::product": lambda x, weight, **_: Cost(macs=x.shape[0] * weight.numel())}
    held, macs = {"weight": matrix(draw.width, 6)}, draw.rows * draw.width * 6
    return calls(CALLS["product"], macs, held=held, is_dispatched=False, formulas=formulas)


kinds(
    {
        **{f"operator {name}": without_formula(name) for name in CALLS},
        **{f"operator {name}{FORMULA}": with_formula(name) for name in CALLS},
        f"operator product{FORMULA} of shapes": shaped_formula,
        "operator implicit": composite(lambda _, x: torch.ops.silent.implicit(x)),
        "operator implicit_number": composite(lambda _, x: x * torch.ops.silent.implicit_number(x)),
    }
)
