"""Restore objects outside the copies that a run can change: classes, globals, uncopied objects."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, partial
from operator import is_
from types import CodeType, FunctionType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import torch

from convcost.tracing.tensors import tensors

CONTAINERS = (OrderedDict, dict, list, set, deque)
"""Container types. Their own methods are used, not overrides of a user's subclass."""

MAX_NESTING = 4
"""The nesting depth to which containers are saved."""

MAX_ELEMENTS = 2**20
"""The most elements of a global tensor whose values are restored."""

MAX_FUNCTIONS = 500
"""The most functions whose global variables are saved."""

_CACHE_TYPE = type(cache(len))
"""The type of functions that functools.lru_cache wraps."""

MISSING = object()

FRAMEWORK_MODULES = frozenset(
    ("torch", "builtins", "abc", "typing", "collections", "enum", "types", "numpy", "convcost", "functools")
)
"""Top-level modules whose classes are not the user's."""


@contextmanager
def preserved_attributes(owners: Iterable[Any]) -> Iterator[None]:
    """Restore the attributes of `owners` after the block."""
    attributes = [(owner, dict(held)) for owner in owners if (held := attributes_of(owner)) is not None]
    try:
        yield
    finally:
        for owner, before in attributes:
            _restore_attributes(owner, before)


@contextmanager
def preserved_contents(values: Iterable[Any]) -> Iterator[None]:
    """Restore the contents of containers and tensors in `values` after the block."""
    restoring: dict[int, Callable[[], None]] = {}
    for value in values:
        _collect_restorers(value, restoring, MAX_NESTING)
    try:
        yield
    finally:
        for restore in restoring.values():
            restore()


@contextmanager
def preserved_objects(
    kinds: Iterable[type], functions: Iterable[FunctionType], others: Iterable[Any]
) -> Iterator[None]:
    """Restore objects of the user after the block.

    Args:
        kinds: Classes; those of the user, and their base classes, are restored.
        functions: Functions; with methods of the classes, they tell which global variables to restore.
        others: Further objects.
    """
    owners = [*user_classes(kinds), *others]
    held = [value for owner in owners for value in (attributes_of(owner) or {}).values()]
    methods = (value for value in held if _is_instance(value, FunctionType))
    variables = [*_global_variables((*methods, *functions))]
    values = [variable.value for variable in variables]
    owners += [value for value in values if _has_state(value)]
    held += [
        value
        for owner in owners
        if not _is_instance(owner, type)
        for value in (attributes_of(owner) or {}).values()
    ]
    with ExitStack() as stack:
        stack.callback(_rebind, variables)
        stack.enter_context(preserved_contents((*values, *held)))
        stack.enter_context(preserved_attributes(owners))
        yield


def _has_state(value: Any) -> bool:
    """Whether it is an object or a function of the user with attributes."""
    kind = type(value)
    if kind is FunctionType:
        return bool(vars(value))
    attributes = None if issubclass(kind, type | ModuleType) else attributes_of(value)
    is_users = kind.__module__.partition(".")[0] not in FRAMEWORK_MODULES
    return attributes is not None and (is_users or kind is SimpleNamespace or "_parameters" in attributes)


def attributes_of(owner: Any) -> Mapping[str, Any] | None:
    """The `__dict__` of an object or a class, without overrides of its class; None if it has none."""
    get: Any = type.__getattribute__ if _is_instance(owner, type) else object.__getattribute__
    try:
        found: Mapping[str, Any] = get(owner, "__dict__")
        return found
    except Exception:  # a class may raise anything
        return None


def _is_instance(value: Any, kinds: Any) -> bool:
    """As isinstance, but without calling the user's `__class__`."""
    return issubclass(type(value), kinds)


class GlobalVariable(NamedTuple):
    """A global variable: the namespace of its module, its name, and its value or MISSING."""

    names: dict[str, Any]
    name: str
    value: Any


def _rebind(variables: Iterable[GlobalVariable]) -> None:
    """Restore variables that were or are tensors. Others may be caches, and are not restored."""
    for names, name, value in variables:
        now = names.get(name, MISSING)
        if now is value or not any(True for _ in tensors((now, value))):
            continue
        if value is MISSING:
            del names[name]
        else:
            names[name] = value


def user_classes(kinds: Iterable[type]) -> list[type]:
    """The user's classes among `kinds` and their base classes."""
    found = dict.fromkeys(base for kind in kinds for base in kind.__mro__)
    return [kind for kind in found if kind.__module__.partition(".")[0] not in FRAMEWORK_MODULES]


def _global_variables(functions: Iterable[FunctionType]) -> Iterator[GlobalVariable]:
    """The global variables that `functions` name, and those that the functions among these name."""
    waiting = [*functions]
    seen = set(map(id, waiting))
    while waiting and len(seen) < MAX_FUNCTIONS:
        function = waiting.pop()
        names = function.__globals__
        for name in _names(function.__code__):
            value = names.get(name, MISSING)
            yield GlobalVariable(names, name, value)
            inner = getattr(value, "__wrapped__", value) if _is_instance(value, _CACHE_TYPE) else value
            if (
                _is_instance(inner, FunctionType)
                and id(inner) not in seen
                and not _is_framework_function(inner)
            ):
                seen.add(id(inner))
                waiting.append(inner)


@cache
def _names(code: CodeType) -> tuple[str, ...]:
    """The names that `code` and functions inside it look up."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return code.co_names + tuple(name for constant in inner for name in _names(constant))


def _is_framework_function(function: FunctionType) -> bool:
    return (function.__module__ or "").partition(".")[0] in FRAMEWORK_MODULES


def _collect_restorers(value: Any, restoring: dict[int, Callable[[], None]], depth: int) -> None:
    if id(value) in restoring or not depth:
        return
    base: Any = next((kind for kind in CONTAINERS if _is_instance(value, kind)), None)
    if base is not None:
        content = dict(dict.items(value)) if issubclass(base, dict) else [*base.__iter__(value)]
        restoring[id(value)] = partial(_restore_container, base, value, content)
        for part in content.values() if isinstance(content, dict) else content:
            _collect_restorers(part, restoring, depth - 1)
    elif _is_instance(value, _CACHE_TYPE):
        restoring[id(value)] = partial(_restore_cache, value, value.cache_info())
    elif _is_tensor(value):
        restoring[id(value)] = _tensor_restorer(value)


def _restore_cache(function: Any, before: Any) -> None:
    """Clear a function's cache if it has grown: its new tensors may have no data."""
    if function.cache_info().misses != before.misses:
        function.cache_clear()


def _is_tensor(value: Any) -> bool:
    return _is_instance(value, torch.Tensor)


def _tensor_restorer(tensor: torch.Tensor) -> Callable[[], None]:
    """A function that restores a tensor's `requires_grad`, `grad` and, if it is small, its values."""
    is_saved = not tensor.is_meta and tensor.layout is torch.strided and tensor.numel() <= MAX_ELEMENTS
    version = None if tensor.is_inference() else tensor._version
    values = tensor.detach().clone() if is_saved and version is not None else None
    requires_grad, gradient = tensor.requires_grad, tensor.grad if tensor.is_leaf else None

    def restore() -> None:
        if version is not None and tensor._version != version:
            if values is not None:
                tensor.detach().copy_(values)
            torch._C._autograd._unsafe_set_version_counter((tensor,), (version,))
        if tensor.is_leaf:
            tensor.requires_grad_(requires_grad)
            tensor.grad = gradient

    return restore


def _restore_container(base: Any, container: Any, content: Any) -> None:
    """Restore the content of a container with the methods of `base`, if it has changed."""
    if _identities(base, container) != _identities(type(content), content):
        base.clear(container)
        (base.update if issubclass(base, dict | set) else base.extend)(container, content)


def _identities(base: Any, container: Any) -> list[int]:
    values = dict.values(container) if issubclass(base, dict) else ()
    return [*map(id, base.__iter__(container)), *map(id, values)]


def _restore_attributes(owner: Any, before: dict[str, Any]) -> None:
    now = dict(attributes_of(owner) or {})
    if len(now) == len(before) and all(map(is_, now.values(), before.values())):
        return
    for name in now.keys() - before.keys():
        with suppress(Exception):
            delattr(owner, name)
    for name, value in before.items():
        if now.get(name, MISSING) is not value:
            with suppress(Exception):
                setattr(owner, name, value)
