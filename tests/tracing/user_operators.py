"""Operators of a user's own: every kind of argument and result, with and without a fake implementation."""

from typing import List, Sequence  # noqa: UP035 (torch 2.6 knows no others)

import torch
from torch import Tensor
from torch.library import Library, custom_op

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
def list_of(x: Tensor, parts: int) -> List[Tensor]:  # noqa: UP006
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
LIBRARY.define("no_result(Tensor x) -> ()")
LIBRARY.impl("no_result", lambda x: (x @ x.mT, None)[1], "CPU")
LIBRARY.define("empty_list(Tensor x) -> Tensor[]")
LIBRARY.impl("empty_list", lambda x: [x @ x.mT][1:], "CPU")
LIBRARY.define("no_arguments() -> Tensor")
LIBRARY.impl("no_arguments", lambda: torch.ones(3, 4) @ torch.ones(4, 3), "CompositeExplicitAutograd")
LIBRARY.define("nothing() -> ()")
LIBRARY.impl("nothing", lambda: (torch.ones(3, 4) @ torch.ones(4, 3), None)[1], "CompositeExplicitAutograd")
LIBRARY.define("overloaded.matrix(Tensor x, *, int times=1, ScalarType? dtype=None) -> Tensor")
LIBRARY.impl("overloaded.matrix", lambda x, times=1, dtype=None: times * (x @ x.mT), "CPU")


@custom_op("silent::with_autograd", mutates_args=())
def with_autograd(x: Tensor, weight: Tensor) -> Tensor:
    return x @ weight


with_autograd.register_autograd(
    lambda ctx, gradient: (gradient @ ctx.saved_tensors[1].mT, ctx.saved_tensors[0].mT @ gradient),
    setup_context=lambda ctx, inputs, output: ctx.save_for_backward(*inputs),
)
