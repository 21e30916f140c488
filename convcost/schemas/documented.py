"""What the attributes of a class are documented as: the text below each."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from textwrap import dedent


def attribute_texts(cls: type) -> dict[str, str]:
    """The string below each annotated attribute in the class's source, its bases' and its own."""
    [body] = ast.parse(dedent(inspect.getsource(cls))).body
    assert isinstance(body, ast.ClassDef)
    texts: dict[str, str] = {}
    for base in _bases(cls, body):
        texts |= attribute_texts(base)
    return texts | _own_texts(body)


def _bases(cls: type, body: ast.ClassDef) -> Iterator[type]:
    """The classes that it is made from, which a TypedDict does not know; Python's own have no such texts."""
    names = [base.id for base in body.bases if isinstance(base, ast.Name)]
    found = (getattr(sys.modules[cls.__module__], name) for name in names)
    return (base for base in found if isinstance(base, type) and base.__module__ != "typing")


def _own_texts(body: ast.ClassDef) -> dict[str, str]:
    return {
        attribute.target.id: inspect.cleandoc(text.value.value)
        for attribute, text in pairwise(body.body)
        if isinstance(attribute, ast.AnnAssign)
        and isinstance(attribute.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
