"""Deep copies of a model and its inputs, with other tensors in them. The user's own objects never run."""

from __future__ import annotations

import threading
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from operator import is_
from pathlib import Path
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from convcost.tracing.isolation.object_copies import rebuild, slots_of
from convcost.tracing.isolation.tensor_copies import TensorCopy, blank_wrapper, has_no_memory
from convcost.tracing.user_error import is_framework_code

ATOMIC = frozenset(
    (
        *(int, float, complex, bool, str, bytes, range, slice, type(None), type(...), type(NotImplemented)),
        *(type, property, types.ModuleType, types.CodeType, types.BuiltinFunctionType),
        *(types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType),
    )
)
"""Types whose values are immutable, or belong to the whole process."""

TABLES = frozenset(("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set"))
"""Torch's own attributes of every module."""

RESOURCES = frozenset(
    (
        *("_thread", "_queue", "_socket", "asyncio", "concurrent", "logging", "multiprocessing"),
        *("queue", "socket", "subprocess", "tempfile", "threading"),
    )
)
"""Python modules whose objects are resources outside the model, such as locks, threads and files."""

DISTRIBUTED = ("torch.distributed.", "torch._C._distributed_c10d")
"""Modules of torch whose objects belong to the whole process, such as meshes and process groups."""

MISSING = object()


class Copier:
    """Copies values like `copy.deepcopy`, but tensors by `copy_tensor`. Shared objects stay shared.

    Modules are copied by attribute, closures with their cells, weak references with their referents.
    Objects that can't be copied, such as locks and generators, are used as they are and listed in `uncopied`.
    """

    def __init__(self, copy_tensor: TensorCopy) -> None:
        self.copy_tensor = copy_tensor
        self._copies: dict[int, Any] = {}
        self._temporary: list[Any] = []
        self._referents: list[Any] = []
        self.uncopied: list[Any] = []
        self.functions: list[types.FunctionType] = []
        """The user's functions that were found in copied objects."""
        self._rules: dict[type, Callable[[Any], Any]] = {
            list: self._list,
            dict: self._dict,
            OrderedDict: self._dict,
            tuple: self._tuple,
            set: self._set,
            types.FunctionType: self._function,
            types.MethodType: self._method,
            types.CellType: self._cell,
            weakref.ref: self._reference,
            torch._C.Generator: self._generator,
            memoryview: self._memory,
            torch.Tensor: self._tensor,
            torch.nn.Parameter: self._tensor,
            torch.fx.Graph: _identity,
        }
        self._module_class: type = torch.nn.Module
        self._tensor_class: Any = torch.Tensor
        self._parameter_class: Any = torch.nn.Parameter

    def copy(self, value: Any) -> Any:
        """A copy of `value`; further calls return the same copy."""
        kind = type(value)
        if kind in ATOMIC:
            return value
        found = self._copies.get(id(value), MISSING)
        if found is not MISSING:
            return found
        rule = self._rules.get(kind)
        if rule is None:
            rule = self._rules[kind] = self._rule(kind)
        return rule(value)

    @property
    def kinds(self) -> tuple[type, ...]:
        """The classes of all copied objects."""
        return tuple(self._rules)

    def forget(self) -> None:
        """Release originals and copies, so that freeing them needs no garbage collection.

        Referents of weak references live as long as this copier.
        """
        for held in (self._copies, self._rules, self._temporary, self.uncopied, self.functions):
            held.clear()

    def _rule(self, kind: type) -> Callable[[Any], Any]:
        if issubclass(kind, torch.jit.ScriptModule):
            return self._script
        if issubclass(kind, self._module_class):
            return self._module
        if issubclass(kind, self._tensor_class):
            return self._special_tensor
        if issubclass(kind, threading.local):
            return self._thread_local
        if issubclass(kind, type) or kind.__module__.partition(".")[0] in RESOURCES:
            return _identity
        if kind.__module__.startswith(DISTRIBUTED):
            return _identity
        return self._object

    def _remember(self, original: Any, copied: Any) -> Any:
        self._copies[id(original)] = copied
        return copied

    def _list(self, value: list[Any]) -> list[Any]:
        copied: list[Any] = self._remember(value, [])
        copied.extend(map(self.copy, value))
        return copied

    def _dict(self, value: dict[Any, Any]) -> dict[Any, Any]:
        copied: dict[Any, Any] = self._remember(value, type(value)())
        for key, part in value.items():
            copied[key if type(key) in ATOMIC else self.copy(key)] = self.copy(part)
        return copied

    def _tuple(self, value: tuple[Any, ...]) -> tuple[Any, ...]:
        copied = tuple([self.copy(part) for part in value])
        if all(map(is_, copied, value)):
            return value
        found: tuple[Any, ...] = self._copies.get(id(value)) or self._remember(value, copied)
        return found

    def _set(self, value: set[Any]) -> set[Any]:
        copied: set[Any] = self._remember(value, set())
        copied.update(map(self.copy, value))
        return copied

    def _module(self, module: Any) -> Any:
        """Copy the attributes, whatever the class's own copy methods do. Compiled modules become eager."""
        kind = type(module)
        try:
            copied = object.__new__(kind)
        except TypeError:
            return self._object(module)
        self._remember(module, copied)
        self._copy_attributes(module, copied)
        attributes = vars(copied)
        if attributes.get("_compiled_call_impl") is not None:
            attributes["_compiled_call_impl"] = None
        if "_orig_mod" in attributes.get("_modules", ()):
            attributes["forward"] = attributes["_modules"]["_orig_mod"]
        return copied

    def _copy_attributes(self, original: Any, copied: Any) -> None:
        """Copy attributes and slots. Torch's many empty tables are not shared, so each becomes a new one."""
        attributes, copy = vars(copied), self.copy
        for name, value in vars(original).items():
            kind = type(value)
            if kind is OrderedDict and not value:
                attributes[name] = OrderedDict()
            elif kind in ATOMIC:
                attributes[name] = value
            elif name in TABLES and not value:
                attributes[name] = kind()
            else:
                attributes[name] = copy(value)
        for slot in slots_of(type(original)):
            if hasattr(original, slot):
                setattr(copied, slot, copy(getattr(original, slot)))

    def _script(self, module: Any) -> Any:
        """A TorchScript module: its C++ modules are copied, and their tensors replaced."""

        def copied_parts(part: Any) -> Any:
            copied = part.__copy__()
            tables: tuple[Any, ...] = torch._C.ParameterDict(part), torch._C.BufferDict(part)
            for held in tables:
                for name, tensor in held.items():
                    copied.setattr(name, self.copy(tensor))
            for name, inner in torch._C.ModuleDict(part).items():
                copied.setattr(name, copied_parts(inner))
            return copied

        wrap: Any = torch.jit._recursive.wrap_cpp_module
        made = wrap(copied_parts(module._c))
        return self._remember(module, made)

    def _tensor(self, tensor: Any) -> Any:
        """A plain tensor or parameter."""
        kind = type(tensor)
        copied = self.copy_tensor(tensor)
        if kind is not self._tensor_class and type(copied) is self._tensor_class:
            copied = self._tensor_class._make_subclass(kind, copied, tensor.requires_grad)
        elif isinstance(tensor, self._parameter_class):
            copied = self._parameter_class(copied, tensor.requires_grad)
        elif tensor.requires_grad:
            copied = copied.requires_grad_() if tensor.is_leaf else _as_non_leaf(copied)
        return self._with_attributes(tensor, copied)

    def _with_attributes(self, tensor: Any, copied: Any) -> Any:
        self._remember(tensor, copied)
        attributes = vars(tensor)
        if attributes:
            vars(copied).update((name, self.copy(value)) for name, value in attributes.items())
        if tensor.requires_grad and copied.is_leaf:
            for hook in (tensor._backward_hooks or {}).values():
                copied.register_hook(self.copy(hook))
            for hook in (tensor._post_accumulate_grad_hooks or {}).values():
                copied.register_post_accumulate_grad_hook(self.copy(hook))
        return copied

    def _special_tensor(self, tensor: Any) -> Any:
        """A tensor of another class. Its attributes are copied, unless it is built from them."""
        if is_lazy(tensor):
            return self._remember(tensor, self._lazy(tensor))
        if tensor.is_nested:
            copied = self.copy_tensor(tensor)
            return self._remember(tensor, copied.requires_grad_(tensor.requires_grad))
        if hasattr(type(tensor), "__tensor_flatten__"):
            copied = self._wrapper(tensor)
            copied = copied.requires_grad_() if tensor.requires_grad and tensor.is_leaf else copied
            return self._with_attributes(tensor, copied)
        if has_no_memory(tensor):
            return self._with_attributes(tensor, blank_wrapper(tensor))
        return self._tensor(tensor)

    def _lazy(self, tensor: Any) -> Any:
        """A lazy parameter or buffer without a shape, on the device where its data would be."""
        options = {"requires_grad": tensor.requires_grad, "dtype": tensor.dtype}
        empty = torch.empty(0, device=tensor.device, **options)
        return type(tensor)(device=self.copy_tensor(empty).device, **options)

    def _wrapper(self, tensor: Any) -> Any:
        """A tensor subclass that wraps other tensors."""
        names, context = tensor.__tensor_flatten__()
        inner = {name: self.copy(getattr(tensor, name)) for name in names}
        return type(tensor).__tensor_unflatten__(inner, context, tensor.size(), tensor.stride())

    def _function(self, function: Any) -> Any:
        """A closure over copies. Other functions are not copied; compiled functions become eager."""
        compiled = vars(function).get("_torchdynamo_orig_callable")
        if compiled is not None:
            return self._remember(function, self.copy(compiled))
        if is_framework_code(Path(function.__code__.co_filename)):
            return function
        self.functions.append(function)
        held = function.__closure__ or (), function.__defaults__ or (), function.__kwdefaults__ or {}
        if not any(held):
            return function
        cells, defaults = self.copy(held[0]), self.copy(held[1])
        options = {name: self.copy(value) for name, value in held[2].items()}
        if cells is held[0] and defaults is held[1] and all(map(is_, options.values(), held[2].values())):
            return function
        code, names = function.__code__, function.__globals__
        copied = types.FunctionType(code, names, function.__name__, defaults or None, cells or None)
        copied.__kwdefaults__ = options or None
        vars(copied).update(vars(function))
        return self._remember(function, copied)

    def _cell(self, cell: Any) -> Any:
        try:
            inside = cell.cell_contents
        except ValueError:
            return cell
        copied = self._remember(cell, types.CellType())
        copied.cell_contents = self.copy(inside)
        if copied.cell_contents is inside:
            self._copies[id(cell)] = copied = cell
        return copied

    def _method(self, method: Any) -> Any:
        owner = self.copy(method.__self__)
        return method if owner is method.__self__ else types.MethodType(self.copy(method.__func__), owner)

    def _reference(self, reference: Any) -> Any:
        target = reference()
        if target is None:
            return reference
        copied = self.copy(target)
        self._referents.append(copied)
        return self._remember(reference, weakref.ref(copied))

    def _generator(self, generator: Any) -> Any:
        return self._remember(generator, generator.clone_state())

    def _memory(self, value: Any) -> Any:
        copied: Any = memoryview(bytearray(value.tobytes()))
        return self._remember(value, copied.cast(value.format, value.shape))

    def _thread_local(self, value: Any) -> Any:
        """A copy with this thread's values."""
        copied = self._remember(value, type(value)())
        vars(copied).update(self.copy(vars(value)))
        return copied

    def _object(self, value: Any) -> Any:
        """A copy by `__deepcopy__` or by pickle's protocol; the object itself if neither works."""
        with suppress(Exception):
            copied = type(value).__deepcopy__(value, self._copies)
            if copied is not value:
                return self._remember(value, copied)
        with suppress(Exception):
            return self._remember(
                value, rebuild(value, self.copy, partial(self._remember, value), self._temporary)
            )
        self.uncopied.append(value)
        return self._remember(value, value)


def _identity(value: Any) -> Any:
    return value


def _as_non_leaf(tensor: Any) -> Any:
    """`tensor` as a non-leaf like the user's, so that in-place operators may write to it."""
    with torch.enable_grad():
        return tensor.requires_grad_().clone()
