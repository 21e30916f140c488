"""Copies of objects of any class, by pickle's protocol."""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

Copy = Callable[[Any], Any]


def rebuild(value: Any, copy: Copy, remember: Copy, temporary: list[Any]) -> Any:
    """Rebuild `value` from copies of its parts, as returned by `__reduce_ex__`.

    An object that pickle stores by name is returned as it is. Raises what `__reduce_ex__` raises.

    Args:
        value: The object.
        copy: Copies a part.
        remember: Is called with the new object before it has its state, and returns it.
        temporary: Gets the temporary parts, which must live as long as copies are looked up by id.
    """
    kind = type(value)
    if kind.__module__ == "numpy" and hasattr(value, "tobytes") and not value.dtype.hasobject:
        return value.copy()
    reduce = copyreg.dispatch_table.get(kind)
    with _without_slot_names(kind):
        reduced = reduce(value) if reduce else value.__reduce_ex__(4)
    if isinstance(reduced, str):
        return value
    temporary.append(reduced)
    make, args, state, items, pairs = (*reduced, None, None, None)[:5]
    copied = remember(make(*map(copy, args)))
    if state is not None:
        _set_state(copied, copy(state))
    for item in items or ():
        copied.append(copy(item))
    for key, part in pairs or ():
        copied[copy(key)] = copy(part)
    return copied


def _set_state(copied: Any, state: Any) -> None:
    if hasattr(type(copied), "__setstate__"):
        copied.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if attributes:
        vars(copied).update(attributes)
    for name, part in (slots or {}).items():
        setattr(copied, name, part)


@contextmanager
def _without_slot_names(kind: type) -> Iterator[None]:
    """Remove `__slotnames__` after the block, which Python caches on the class."""
    is_there = "__slotnames__" in vars(kind)
    try:
        yield
    finally:
        if not is_there and "__slotnames__" in vars(kind):
            type.__delattr__(kind, "__slotnames__")


def slots_of(kind: type) -> list[str]:
    """The names of attributes in slots."""
    if kind not in _slots:
        declared = (vars(base).get("__slots__", ()) for base in kind.__mro__)
        names = [name for slots in declared for name in ((slots,) if isinstance(slots, str) else slots)]
        _slots[kind] = [name for name in names if name not in {"__dict__", "__weakref__"}]
    return _slots[kind]


_slots: WeakKeyDictionary[type, list[str]] = WeakKeyDictionary()
