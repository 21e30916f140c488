"""Deep copies of a model and its inputs with other tensors in them: the user's own objects never run."""

from __future__ import annotations

import copyreg
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from convcost.modules.fault import is_machinery
from convcost.modules.subclasses import blank_wrapper, has_no_memory
from convcost.modules.tensor_copies import TensorCopy

ATOMIC = frozenset(
    (
        *(int, float, complex, bool, str, bytes, range, slice, type(None), type(...), type(NotImplemented)),
        *(type, property, types.ModuleType, types.CodeType, types.BuiltinFunctionType),
        *(types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType),
    )
)
"""Types whose values can't change, or belong to the whole process."""

PLAIN = frozenset((dict, list, set, OrderedDict))

RESOURCES = frozenset(
    (
        *("_thread", "_queue", "_io", "_socket", "asyncio", "concurrent", "logging", "multiprocessing"),
        *("queue", "socket", "subprocess", "tempfile", "threading"),
    )
)
"""Modules of Python whose objects stand for something outside the model: a lock, a thread, a file."""

MISSING = object()


class Copier:
    """Copies values as `copy.deepcopy` does, with `copy_tensor` for tensors; what is shared stays shared.

    Modules are copied by their attributes, closures by what they hold, weak references by what they refer to.
    What can't be copied, such as a lock or a generator, is used as it is, and listed in `uncopied`.
    """

    def __init__(self, copy_tensor: TensorCopy) -> None:
        import torch

        self.copy_tensor = copy_tensor
        self._copies: dict[int, Any] = {}
        self._states: list[Any] = []
        self.uncopied: list[Any] = []
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
            torch.Generator: self._generator,
            torch.Tensor: self._tensor,
            torch.nn.Parameter: self._tensor,
            torch.fx.Graph: _same,
        }
        self._module_class, self._tensor_class = torch.nn.Module, torch.Tensor

    def copy(self, value: Any) -> Any:
        """A copy of `value`; the same one each time."""
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
        """The classes of all that was copied."""
        return tuple(self._rules)

    def _rule(self, kind: type) -> Callable[[Any], Any]:
        import torch

        if issubclass(kind, torch.jit.ScriptModule):
            return self._script
        if issubclass(kind, self._module_class):
            return self._module
        if issubclass(kind, self._tensor_class):
            return self._tensor
        if issubclass(kind, type) or kind.__module__.partition(".")[0] in RESOURCES:
            return _same
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
        if all(map(_is, copied, value)):
            return value
        found: tuple[Any, ...] = self._copies.get(id(value)) or self._remember(value, copied)
        return found

    def _set(self, value: set[Any]) -> set[Any]:
        copied: set[Any] = self._remember(value, set())
        copied.update(map(self.copy, value))
        return copied

    def _module(self, module: Any) -> Any:
        """By its attributes, whatever its class says of copies; what is compiled becomes eager."""
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
        attributes, copies, copy = vars(copied), self._copies, self.copy
        for name, value in vars(original).items():
            kind = type(value)
            if kind in ATOMIC:
                attributes[name] = value
            elif kind in PLAIN and not value:
                attributes[name] = copies[id(value)] = copies[id(value)] if id(value) in copies else kind()
            else:
                attributes[name] = copy(value)
        for slot in _slots(type(original)):
            if hasattr(original, slot):
                setattr(copied, slot, copy(getattr(original, slot)))

    def _script(self, module: Any) -> Any:
        """A compiled module: its parts in C++ copied, its tensors replaced."""
        import torch

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
        import torch
        from torch.nn.parameter import is_lazy

        kind = type(tensor)
        if is_lazy(tensor):
            return self._remember(tensor, self._lazy(tensor))
        if self._is_wrapper(tensor):
            copied = self._wrapper(tensor)
            copied = copied.requires_grad_() if tensor.requires_grad and tensor.is_leaf else copied
        elif has_no_memory(tensor):
            copied = blank_wrapper(tensor)
        else:
            copied = self.copy_tensor(tensor)
            if kind is torch.nn.Parameter:
                copied = kind(copied, tensor.requires_grad)
            elif kind is not torch.Tensor and not tensor.is_nested:
                copied = torch.Tensor._make_subclass(kind, copied, tensor.requires_grad)
            elif tensor.requires_grad:
                copied = copied.requires_grad_() if tensor.is_leaf else _as_inner(copied)
        self._remember(tensor, copied)
        attributes = vars(tensor)
        if attributes and not tensor.is_nested:
            vars(copied).update((name, self.copy(value)) for name, value in attributes.items())
        return copied

    def _is_wrapper(self, tensor: Any) -> bool:
        """Whether it is made of other tensors; a jagged one is copied whole, as its lengths are."""
        return hasattr(type(tensor), "__tensor_flatten__") and not tensor.is_nested

    def _lazy(self, tensor: Any) -> Any:
        """A parameter or buffer that is still to get its shape, on the device where its data would be."""
        import torch

        options = {"requires_grad": tensor.requires_grad, "dtype": tensor.dtype}
        empty = torch.empty(0, device=tensor.device, **options)
        return type(tensor)(device=self.copy_tensor(empty).device, **options)

    def _wrapper(self, tensor: Any) -> Any:
        """A subclass that is made of other tensors."""
        names, context = tensor.__tensor_flatten__()
        inner = {name: self.copy(getattr(tensor, name)) for name in names}
        return type(tensor).__tensor_unflatten__(inner, context, tensor.size(), tensor.stride())

    def _function(self, function: Any) -> Any:
        """A closure over copies; other functions belong to their file. What is compiled becomes eager."""
        compiled = vars(function).get("_torchdynamo_orig_callable")
        if compiled is not None:
            return self._remember(function, self.copy(compiled))
        if not function.__closure__ or is_machinery(Path(function.__code__.co_filename)):
            return function
        cells = tuple(map(self.copy, function.__closure__))
        if all(map(_is, cells, function.__closure__)):
            return function
        code, names, defaults = function.__code__, function.__globals__, self.copy(function.__defaults__)
        copied = types.FunctionType(code, names, function.__name__, defaults, cells)
        copied.__kwdefaults__ = self.copy(function.__kwdefaults__)
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
        return reference if target is None else self._remember(reference, weakref.ref(self.copy(target)))

    def _generator(self, generator: Any) -> Any:
        return self._remember(generator, generator.clone_state())

    def _object(self, value: Any) -> Any:
        """As pickle takes it apart, or as its class says; the object itself where neither goes."""
        for rule in (_deepcopied, self._rebuilt):
            with suppress(Exception):
                return self._remember(value, rule(value, self._copies))
        self.uncopied.append(value)
        return self._remember(value, value)

    def _rebuilt(self, value: Any, _: Any) -> Any:
        if type(value).__module__ == "numpy" and hasattr(value, "tobytes") and not value.dtype.hasobject:
            return value.copy()
        reduce = copyreg.dispatch_table.get(type(value))
        reduced = reduce(value) if reduce else value.__reduce_ex__(4)
        if isinstance(reduced, str):
            return value
        self._states.append(reduced)
        make, args, state, items, pairs = (*reduced, None, None, None)[:5]
        copied = self._remember(value, make(*map(self.copy, args)))
        if state is not None:
            _set_state(copied, self.copy(state))
        for item in items or ():
            copied.append(self.copy(item))
        for key, part in pairs or ():
            copied[self.copy(key)] = self.copy(part)
        return copied


def _same(value: Any) -> Any:
    return value


def _is(first: Any, second: Any) -> bool:
    return first is second


def _as_inner(tensor: Any) -> Any:
    """A result of something, as the user's tensor is one: it may be written to while it has a gradient."""
    import torch

    with torch.enable_grad():
        return tensor.requires_grad_().clone()


def _deepcopied(value: Any, copies: dict[int, Any]) -> Any:
    return type(value).__deepcopy__(value, copies)


def _set_state(copied: Any, state: Any) -> None:
    if hasattr(copied, "__setstate__"):
        copied.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    vars(copied).update(attributes or {}) if attributes else None
    for name, part in (slots or {}).items():
        setattr(copied, name, part)


def _slots(kind: type) -> list[str]:
    """The names of attributes beside `__dict__`."""
    if kind not in _SLOTS:
        declared = (vars(base).get("__slots__", ()) for base in kind.__mro__)
        names = [name for slots in declared for name in ((slots,) if isinstance(slots, str) else slots)]
        _SLOTS[kind] = [name for name in names if name not in {"__dict__", "__weakref__"}]
    return _SLOTS[kind]


_SLOTS: weakref.WeakKeyDictionary[type, list[str]] = weakref.WeakKeyDictionary()
