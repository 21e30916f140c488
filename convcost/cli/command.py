"""How convcost's commands are made from functions: as typer does, less a detour through pydantic.

Typer converts each value with pydantic, whose import takes as long as typer's and rich's together. Texts
and flags need no conversion, so they get none; where typer has no such conversion, nothing changes.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup


class AsTyped:
    """A text's or a flag's value, as it was typed."""

    def coerce(self, value: Any, param: Any, ctx: object) -> Any:
        """`value`; nothing is an empty tuple where there can be several."""
        is_multiple = param.multiple or param.nargs == -1
        return () if value is None and is_multiple else value


class Command(TyperCommand):
    """A command whose parameters are texts and flags."""

    def get_params(self, ctx: Any) -> Any:
        return _as_typed(super().get_params(ctx))


class Group(TyperGroup):
    """The commands together, with flags of their own."""

    def get_params(self, ctx: Any) -> Any:
        return _as_typed(super().get_params(ctx))


def _as_typed(parameters: Any) -> Any:
    for parameter in parameters:
        parameter._runtime_param = AsTyped()
    return parameters
