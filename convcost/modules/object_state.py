"""Attributes of classes, and of objects that can't be copied, put back after a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

CONTAINERS = (dict, list, set, deque)
MOST_NESTED = 4
"""How deep containers in containers are looked into."""

MISSING = object()

PYTHONS = frozenset(
    ("torch", "builtins", "abc", "typing", "collections", "enum", "types", "numpy", "convcost")
)
"""Top-level modules whose classes are no user's."""


@contextmanager
def preserved_attributes(owners: Iterable[Any]) -> Iterator[None]:
    """Put back the attributes of `owners` after the block, and the contents of containers among them."""
    attributes = [(owner, dict(vars(owner))) for owner in owners if hasattr(owner, "__dict__")]
    contents: dict[int, tuple[Any, Any]] = {}
    for _, values in attributes:
        for value in values.values():
            _collect(value, contents, MOST_NESTED)
    try:
        yield
    finally:
        for container, content in contents.values():
            _refill(container, content)
        for owner, before in attributes:
            _put_back(owner, before)


def users_classes(kinds: Iterable[type]) -> list[type]:
    """The classes among `kinds`, and those that they inherit from, that belong to a user."""
    found = dict.fromkeys(base for kind in kinds for base in kind.__mro__)
    return [kind for kind in found if kind.__module__.partition(".")[0] not in PYTHONS]


def _collect(value: Any, contents: dict[int, tuple[Any, Any]], depth: int) -> None:
    if not isinstance(value, CONTAINERS) or id(value) in contents or not depth:
        return
    contents[id(value)] = value, value.copy()
    for part in value.values() if isinstance(value, dict) else value:
        _collect(part, contents, depth - 1)


def _refill(container: Any, content: Any) -> None:
    if (
        len(container) == len(content)
        and all(map(_is, container, content))
        and not isinstance(container, dict)
    ):
        return
    if isinstance(container, dict) and [*map(id, container.values())] == [*map(id, content.values())]:
        return
    container.clear()
    (container.update if isinstance(container, dict | set) else container.extend)(content)


def _put_back(owner: Any, before: dict[str, Any]) -> None:
    now = dict(vars(owner))
    for name in now.keys() - before.keys():
        with suppress(Exception):
            delattr(owner, name)
    for name, value in before.items():
        if now.get(name, MISSING) is not value:
            with suppress(Exception):
                setattr(owner, name, value)


def _is(first: Any, second: Any) -> bool:
    return first is second
