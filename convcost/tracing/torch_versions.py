"""Differences between versions of torch, detected by features. No other module checks for a version."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from convcost.core.errors import UsageError


class UnsupportedByTorchError(UsageError):
    """This version of torch lacks a layer, or an argument of it."""


COMPILER = "torch._dynamo"

VERSION = torch.__version__.partition("+")[0]

OPERATOR_COMPILER = "_hop_compile_and_call"
"""The function of torch._higher_order_ops.utils that compiles higher-order operators, in newer torch."""

SAVED_TENSOR_HOOKS = hasattr(torch._C._autograd, "_top_saved_tensors_default_hooks")
"""Whether hooks on saved tensors can be read, so that hooks that a forward left can be removed."""

MODULES_ON_A_MESH = hasattr(getattr(torch._C, "_distributed_c10d", None), "FakeWork")
"""Whether distributed modules can be counted. torch 2.6 has no fake meshes for FSDP2."""

FLOAT32_PRECISIONS = hasattr(torch._C, "_get_fp32_precision_getter")
"""Whether float32 has a precision for each backend and operator, as in torch 2.9 and newer."""

REDUCTIONS = frozenset(
    (
        *("all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "count_nonzero", "linalg_vector_norm"),
        *("logsumexp", "max", "mean", "min", "nansum", "norm", "prod", "std", "std_mean", "sum", "var"),
        *("var_mean",),
    )
)
"""ATen operators that newer torch tags as reductions."""


def is_reduction(overload: Any) -> bool:
    """Whether an operator is a reduction, such as a sum."""
    tag = getattr(torch.Tag, "reduction", None)
    if tag is not None:
        return tag in overload.tags
    return overload.namespace == "aten" and overload._opname in REDUCTIONS


class _CallableName(str):
    """A string that returns itself when it is called."""

    __slots__ = ()

    def __call__(self) -> str:
        return str(self)


def source_name(name: str) -> str:
    """The name of a Source: older torch calls it as a method, newer torch reads it as an attribute."""
    return _CallableName(name)


def show_higher_order_operators(mode: type[TorchDispatchMode]) -> None:
    """Let `mode` intercept higher-order operators.

    Newer torch reads `supports_higher_order_operators`; older torch needs a rule for each operator.
    """
    if not hasattr(TorchDispatchMode, "supports_higher_order_operators"):
        for operator in torch._ops._higher_order_ops.values():
            operator.python_key_table.setdefault(mode, partial(_dispatch_to_mode, operator))


def _dispatch_to_mode(operator: Any, mode: Any, *args: Any, **kwargs: Any) -> Any:
    return mode.__torch_dispatch__(operator, (), args, kwargs)


@contextmanager
def compiler_loaded_without_modes() -> Iterator[None]:
    """Hide the loading of torch's compiler from all modes in the block: in older torch it runs operators."""
    finder = _CompilerFinder()
    if COMPILER not in sys.modules:
        sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)


class _CompilerFinder(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != COMPILER:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            vars(spec.loader)["exec_module"] = partial(_run_without_modes, spec.loader.exec_module)
        return spec


def _run_without_modes(function: Any, *args: Any) -> Any:
    modes = [torch._C._pop_torch_function_stack() for _ in range(torch._C._len_torch_function_stack())]
    try:
        with _disable_current_modes():
            return function(*args)
    finally:
        for mode in reversed(modes):
            torch._C._push_on_torch_function_stack(mode)


def flex_outputs() -> int:
    """The number of outputs of flex_attention's operator: newer torch adds the largest scores."""
    from torch.nn.attention import flex_attention

    return 3 if hasattr(flex_attention, "AuxOutput") else 2


def has_fused_attention(dimensions: int) -> bool:
    """Whether attention on that many dimensions has a fused kernel on the CPU; three have in newer torch."""
    sample = torch.zeros((1,) * dimensions)
    return torch._fused_sdp_choice(sample, sample, sample) != 0


def float32_precision(precision: str) -> list[tuple[Any, str, Any]]:
    """The settings for float32 products on a GPU in this precision, "ieee" or "tf32".

    An item has the object, the name of its attribute, and the value.
    """
    cuda, cudnn = torch.backends.cuda, torch.backends.cudnn
    if FLOAT32_PRECISIONS:
        owners: tuple[Any, ...] = cuda.matmul, cudnn.conv  # type: ignore[attr-defined]
        return [(owner, "fp32_precision", precision) for owner in owners]
    return [(owner, "allow_tf32", precision == "tf32") for owner in (cuda.matmul, cudnn)]


def calls_itself_under_modes(function: Any) -> bool:
    """Whether the body of `function` passes it to modes again, with another result.

    Older torch does so for `unique`: the inner call returns three tensors.
    """
    is_unique = getattr(function, "__name__", "") in ("unique", "unique_consecutive")
    return is_unique and not hasattr(torch.functional, "_unique_torch_function")


def check_torch_has_meshes() -> None:
    """UsageError if torch is too old to count modules on a mesh."""
    if not MODULES_ON_A_MESH:
        raise UsageError(f"modules on a mesh of devices need torch 2.9 or newer; this is torch {VERSION}")


def layer_class(kind: str, arguments: Iterable[str]) -> type[torch.nn.Module]:
    """torch.nn's layer called `kind`; UnsupportedByTorchError if it or one of the arguments is missing."""
    found: type[torch.nn.Module] | None = getattr(torch.nn, kind, None)
    if found is None:
        raise UnsupportedByTorchError(f"torch {VERSION} has no {kind}")
    known = inspect.signature(found).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    for name in arguments:
        if not takes_any and name not in known:
            raise UnsupportedByTorchError(f"{kind} has no argument {name} in torch {VERSION}")
    return found
