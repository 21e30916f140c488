"""Pieces that extend torch in Python: autograd functions, tensor subclasses, modes of the user's own."""

import torch
import torch.nn.functional as F
from tracing.random_models import calls, kinds, matrix


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


class WithContext(torch.autograd.Function):
    """As torch.func wants it."""

    @staticmethod
    def forward(x, weight):
        return x @ weight

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        return gradient @ weight.mT, x.mT @ gradient


def one_product(function, times=1):
    """A function of the module, which has a weight [width, 6], and of its input."""

    def make(draw):
        held = {"weight": matrix(draw.width, 6)}
        return calls(function, times * draw.rows * draw.width * 6, held=held)

    return make


class Twice(torch.overrides.TorchFunctionMode):
    """A mode of the user's own, which computes."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {})) + output if func is F.linear else output


class Quiet(torch.utils._python_dispatch.TorchDispatchMode):
    """A mode of the user's own, which looks on."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))


def linear_in_mode(mode):
    def forward(module, x):
        with mode():
            return F.linear(x, module.weight.mT)

    return forward


class LowRankWeight(torch.Tensor):
    """A weight of two factors, by which F.linear multiplies in turn."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is F.linear:
            x, weight = args[:2]
            return F.linear(F.linear(x, weight.right), weight.left)
        return super().__torch_function__(func, types, args, kwargs)


def low_rank(draw):
    weight = torch.zeros(6, draw.width).as_subclass(LowRankWeight)
    weight.left, weight.right = torch.randn(6, 2), torch.randn(2, draw.width)
    macs = draw.rows * 2 * (draw.width + 6)
    return calls(lambda module, x: F.linear(x, module.weight), macs, held={"weight": weight})


class DispatchedLowRank(torch.Tensor):
    """The same below autograd: a matrix without numbers of its own, made of two factors."""

    @staticmethod
    def __new__(cls, left, right):
        return cls._make_wrapper_subclass(cls, (left.shape[0], right.shape[1]), dtype=left.dtype)

    def __init__(self, left, right):
        self.left, self.right = left, right

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.mm.default:
            x, weight = args
            return torch.mm(torch.mm(x, weight.left), weight.right)
        if func is torch.ops.aten.detach.default:
            return cls(args[0].left, args[0].right)
        raise NotImplementedError(func)


def dispatched_low_rank(draw):
    weight = DispatchedLowRank(torch.randn(draw.width, 2), torch.randn(2, 6))
    macs = draw.rows * 2 * (draw.width + 6)
    return calls(lambda module, x: torch.mm(x.detach(), module.weight), macs, held={"weight": weight})


class Squared(torch.utils._python_dispatch.TorchDispatchMode):
    """A mode below autograd that multiplies in place of adding."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.add.Tensor:
            return args[0] @ args[1].mT
        return func(*args, **(kwargs or {}))


def added_under_mode(draw):
    def forward(_, x):
        with Squared():
            return x.detach() + x.detach()

    return calls(forward, draw.rows**2 * draw.width)


kinds(
    {
        "autograd.Function": one_product(lambda module, x: TorchCode.apply(x, module.weight)),
        "autograd.Function with setup_context": one_product(
            lambda module, x: WithContext.apply(x, module.weight)
        ),
        "function mode of the user's": one_product(linear_in_mode(Twice), times=2),
        "dispatch mode of the user's": one_product(linear_in_mode(Quiet)),
        "dispatch mode of the user's that multiplies": added_under_mode,
        "weight of two factors": low_rank,
        "weight of two factors, dispatched": dispatched_low_rank,
    }
)
