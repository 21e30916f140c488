"""Pieces that are the user's own operators, of every signature: named, or counted by the user's formula."""

from collections.abc import Sequence

import torch
from modules.random_models import calls, kinds, matrix, named
from torch import Tensor
from torch.library import Library, custom_op

from convcost import Cost

SPACE = "silent"


@custom_op("silent::product", mutates_args=())
def product(x: Tensor, weight: Tensor) -> Tensor:
    return x @ weight


@product.register_fake
def _(x, weight):
    return x.new_empty(x.shape[0], weight.shape[1])


@custom_op("silent::without_fake", mutates_args=())
def without_fake(x: Tensor, weight: Tensor) -> Tensor:
    return x @ weight


@custom_op("silent::list_of", mutates_args=())
def list_of(x: Tensor, parts: int) -> list[Tensor]:
    return [x @ x.mT for _ in range(parts)]


@list_of.register_fake
def _(x, parts):
    return [x.new_empty(x.shape[0], x.shape[0]) for _ in range(parts)]


@custom_op("silent::pair", mutates_args=())
def pair(x: Tensor) -> tuple[Tensor, Tensor]:
    return x @ x.mT, x.mT @ x


@pair.register_fake
def _(x):
    return x.new_empty(x.shape[0], x.shape[0]), x.new_empty(x.shape[1], x.shape[1])


@custom_op("silent::real_number", mutates_args=())
def real_number(x: Tensor) -> float:
    return float((x @ x.mT).sum())


@custom_op("silent::whole_number", mutates_args=())
def whole_number(x: Tensor) -> int:
    return int((x @ x.mT).sum() > 0)


@custom_op("silent::truth", mutates_args=())
def truth(x: Tensor) -> bool:
    return bool((x @ x.mT).sum() > 0)


@custom_op("silent::number_with_fake", mutates_args=())
def number_with_fake(x: Tensor) -> float:
    return float((x @ x.mT).sum())


@number_with_fake.register_fake
def _(x):
    return 1.0


@custom_op("silent::into_out", mutates_args={"out"})
def into_out(x: Tensor, weight: Tensor, out: Tensor) -> None:
    out.copy_(x @ weight)


@into_out.register_fake
def _(x, weight, out):
    return None


@custom_op("silent::into_out_without_fake", mutates_args={"out"})
def into_out_without_fake(x: Tensor, weight: Tensor, out: Tensor) -> None:
    out.copy_(x @ weight)


@custom_op("silent::in_place", mutates_args={"x"})
def in_place(x: Tensor) -> None:
    x.copy_(x @ x.mT @ x)


@custom_op("silent::of_list", mutates_args=())
def of_list(xs: Sequence[Tensor]) -> Tensor:
    return xs[0] @ xs[1].mT


@of_list.register_fake
def _(xs):
    return xs[0].new_empty(xs[0].shape[0], xs[1].shape[0])


@custom_op("silent::list_in_place", mutates_args={"xs"})
def list_in_place(xs: Sequence[Tensor]) -> None:
    for x in xs:
        x.copy_(x @ x.mT @ x)


@custom_op("silent::optional", mutates_args=())
def optional(x: Tensor, mask: Tensor | None = None) -> Tensor:
    return (x if mask is None else x * mask) @ x.mT


@optional.register_fake
def _(x, mask=None):
    return x.new_empty(x.shape[0], x.shape[0])


@custom_op("silent::tensor_of_numbers", mutates_args=())
def tensor_of_numbers(rows: int, width: int) -> Tensor:
    return torch.ones(rows, width) @ torch.ones(width, rows)


@custom_op("silent::number_of_numbers", mutates_args=())
def number_of_numbers(rows: int, width: int) -> int:
    return sum(range(rows * width))


@custom_op("silent::whole_numbers", mutates_args=())
def whole_numbers(x: Tensor) -> Tensor:
    return x @ x.mT


@whole_numbers.register_fake
def _(x):
    return x.new_empty(x.shape[0], x.shape[0])


@custom_op("silent::whole_numbers_in_place", mutates_args={"x"})
def whole_numbers_in_place(x: Tensor) -> None:
    x.copy_(x @ x.mT @ x)


@custom_op("silent::truths", mutates_args=())
def truths(x: Tensor) -> Tensor:
    return ~x


LIBRARY = Library(SPACE, "DEF")
LIBRARY.define("cpu_only(Tensor x) -> Tensor")
LIBRARY.impl("cpu_only", lambda x: x @ x.mT, "CPU")
LIBRARY.define("cpu_and_meta(Tensor x) -> Tensor")
LIBRARY.impl("cpu_and_meta", lambda x: x @ x.mT, "CPU")
LIBRARY.impl("cpu_and_meta", lambda x: x.new_empty(x.shape[0], x.shape[0]), "Meta")
LIBRARY.define("explicit(Tensor x) -> Tensor")
LIBRARY.impl("explicit", lambda x: x @ x.mT, "CompositeExplicitAutograd")
LIBRARY.define("implicit(Tensor x) -> Tensor")
LIBRARY.impl("implicit", lambda x: x @ x.mT, "CompositeImplicitAutograd")
LIBRARY.define("implicit_number(Tensor x) -> float")
LIBRARY.impl("implicit_number", lambda x: float((x @ x.mT).sum()), "CompositeImplicitAutograd")
LIBRARY.define("aliasing(Tensor(a!) x) -> Tensor(a!)")
LIBRARY.impl("aliasing", lambda x: x.copy_(x @ x.mT @ x), "CPU")
LIBRARY.define("view_like(Tensor(a) x) -> Tensor(a)")
LIBRARY.impl("view_like", lambda x: (x @ x.mT, x.view(-1))[1], "CPU")
LIBRARY.define("scalars(Tensor x) -> (int, float)")
LIBRARY.impl("scalars", lambda x: (1, float((x @ x.mT).sum())), "CPU")
LIBRARY.define("texts(str text, float number) -> float")
LIBRARY.impl("texts", lambda text, number: len(text) * number, "CompositeExplicitAutograd")


def whole(x):
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
    return lambda module, x: operator(x, module.weight)


CALLS = {
    "product": by_weight(product),
    "without_fake": by_weight(without_fake),
    "list_of": lambda _, x: list_of(x, 2),
    "pair": lambda _, x: pair(x),
    "real_number": lambda _, x: x * real_number(x),
    "whole_number": lambda _, x: x * whole_number(x),
    "truth": lambda _, x: (x, -x)[truth(x)],
    "number_with_fake": lambda _, x: x * number_with_fake(x),
    "into_out": written(into_out),
    "into_out_without_fake": written(into_out_without_fake),
    "in_place": changed(in_place),
    "of_list": lambda _, x: of_list([x, x]),
    "list_in_place": changed(list_in_place, lambda x: [x.detach().clone()]),
    "optional": lambda _, x: optional(x),
    "tensor_of_numbers": lambda _, x: tensor_of_numbers(*x.shape),
    "number_of_numbers": lambda _, x: x * number_of_numbers(*x.shape),
    "whole_numbers": lambda _, x: whole_numbers(whole(x)),
    "whole_numbers_in_place": changed(whole_numbers_in_place, whole),
    "truths": lambda _, x: truths(x > 0),
    "cpu_only": lambda _, x: torch.ops.silent.cpu_only(x.detach()),
    "cpu_and_meta": lambda _, x: torch.ops.silent.cpu_and_meta(x.detach()),
    "explicit": lambda _, x: torch.ops.silent.explicit(x.detach()),
    "aliasing": changed(torch.ops.silent.aliasing),
    "view_like": lambda _, x: torch.ops.silent.view_like(x.detach()),
    "scalars": lambda _, x: x * torch.ops.silent.scalars(x.detach())[1],
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
        **{f"operator {name} with a formula": with_formula(name) for name in CALLS},
        "operator product with a formula of shapes": shaped_formula,
        "operator implicit": composite(lambda _, x: torch.ops.silent.implicit(x)),
        "operator implicit_number": composite(lambda _, x: x * torch.ops.silent.implicit_number(x)),
    }
)


class TorchCode(torch.autograd.Function):
    """Products in both directions."""

    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        return gradient @ weight.mT, x.mT @ gradient


def autograd_function(draw):
    held = {"weight": matrix(draw.width, 6)}
    return calls(lambda module, x: TorchCode.apply(x, module.weight), draw.rows * draw.width * 6, held=held)


kinds({"autograd.Function": autograd_function})
