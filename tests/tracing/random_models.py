"""Random small models whose multiply-accumulates are known by construction.

A model is a chain of pieces. Each maps a matrix of `rows` by `width` to another one and knows what it
costs, or the name of the operator that no formula can know. What a piece computes is squashed and added
to what came in, so that values stay finite and gradients reach every piece.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import torch
from torch import nn
from tracing.models import Calls

from convcost import Cost

ANY_NAME = ""
"""In `Piece.names`: whatever is named at the piece's own path."""


@dataclass(frozen=True)
class Piece:
    """A module from [rows, width] to [rows, width], and what is known of it.

    `macs` is what its forward multiplies and accumulates, operators in `names` aside; `eval_macs` says so
    where evaluation differs from training. `names` are parts of the names of operators that are uncountable,
    each of which must be named; with `may_name`, a countable piece may be named by one of them instead.
    `extra_names` may be named as well, but excuse nothing. `is_dispatched` says that a run on data shows
    all products to a dispatch mode in its thread.
    """

    module: nn.Module
    macs: int = 0
    names: tuple[str, ...] = ()
    may_name: bool = False
    extra_names: tuple[str, ...] = ()
    eval_macs: int | None = None
    is_dispatched: bool = True
    formulas: dict[str, Callable[..., Cost]] = field(default_factory=dict)

    def expected(self, is_training: bool) -> int:
        """Its MACs in training or evaluation."""
        return self.macs if is_training or self.eval_macs is None else self.eval_macs


@dataclass
class Draw:
    """Random choices, and the matrix that pieces are given: `rows` is even and `width` a multiple of 8."""

    random: Random
    rows: int
    width: int

    def choice(self, *options: Any) -> Any:
        """One of `options`."""
        return self.random.choice(options)

    @property
    def hidden(self) -> int:
        """Some other width."""
        return self.random.choice((4, 8, 12, 20))


KINDS: dict[str, Callable[[Draw], Piece]] = {}
"""What pieces there are, by kind."""


def kind(name: str) -> Callable[[Callable[[Draw], Piece]], Callable[[Draw], Piece]]:
    """Register what makes a piece."""

    def register(make: Callable[[Draw], Piece]) -> Callable[[Draw], Piece]:
        assert name not in KINDS
        KINDS[name] = make
        return make

    return register


def kinds(options: dict[str, Callable[[Draw], Piece]]) -> None:
    """Register several."""
    for name, make in options.items():
        kind(name)(make)


def calls(
    function: Callable[..., Any], macs: int = 0, *, held: dict[str, Any] | None = None, **known
) -> Piece:
    """A piece that is `function` of the module with what it has as `held`, and of its input."""
    return Piece(Calls(function, **held or {}), macs, **known)


def named(function: Callable[..., Any], *names: str, held: dict[str, Any] | None = None, **known) -> Piece:
    """A piece that nobody can count: it must be named."""
    return calls(function, held=held, names=names, is_dispatched=False, **known)


def matrix(*shape: int) -> nn.Parameter:
    """A weight."""
    return nn.Parameter(torch.randn(shape) / 4)


def fit_to_shape(value: Any, like: torch.Tensor) -> torch.Tensor:
    """The first tensor of `value`, squashed, cut or repeated to the shape of `like`."""
    while isinstance(value, tuple | list):
        value = value[0]
    flat = torch.tanh(torch.real(value).float()).flatten()
    times = -(-like.numel() // flat.numel())
    return flat.repeat(times)[: like.numel()].view_as(like)


class Recipe(NamedTuple):
    """What a piece is made from."""

    kind: str
    seed: int


class Model(nn.Module):
    """A chain of pieces, each with a residual connection around it."""

    def __init__(self, pieces: list[Piece]) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.pieces = nn.ModuleList(piece.module for piece in pieces)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x * self.scale
        for piece in self.pieces:
            x = x + fit_to_shape(piece(x), x)
        return x


class Case(NamedTuple):
    """A model with its input, and what its pieces are known to cost."""

    recipes: tuple[Recipe, ...]
    pieces: tuple[Piece, ...]
    model: Model
    x: torch.Tensor

    def expected(self, is_training: bool) -> int:
        """The MACs of all pieces."""
        return sum(piece.expected(is_training) for piece in self.pieces)

    @property
    def formulas(self) -> dict[str, Callable[..., Cost]]:
        """The user's formulas for operators of the pieces."""
        return {name: formula for piece in self.pieces for name, formula in piece.formulas.items()}


def build(recipes: tuple[Recipe, ...], seed: int) -> Case:
    """A new model of these pieces, the same for the same arguments."""
    random = Random(seed)
    rows, width = random.choice((2, 4, 6)), random.choice((16, 24, 32))
    pieces = []
    with torch.random.fork_rng():
        for recipe in recipes:
            torch.manual_seed(recipe.seed)
            pieces.append(KINDS[recipe.kind](Draw(Random(recipe.seed), rows, width)))
        torch.manual_seed(seed)
        return Case(recipes, tuple(pieces), Model(pieces), torch.randn(rows, width))


def single(name: str, seed: int) -> Case:
    """A model of one piece."""
    return build((Recipe(name, seed),), seed)


FORMULA = " with a formula"
"""In the names of kinds that have the user's formula for an operator."""


def random_recipes(seed: int) -> tuple[Recipe, ...]:
    """One to six pieces of different kinds; an operator has the user's formula in the whole model or not."""
    random = Random(seed)
    names = random.sample(sorted(KINDS), random.randint(1, 6))
    different = {name.partition(FORMULA)[0]: name for name in names}
    return tuple(Recipe(name, random.randrange(2**16)) for name in different.values())
