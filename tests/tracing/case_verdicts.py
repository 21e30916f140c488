"""What convcost says of a case against what is known of it: right, named, silent, wrong or an error."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
import tracing.random_control_flow
import tracing.random_extensions
import tracing.random_hidden_work
import tracing.random_layers
import tracing.random_number_types
import tracing.random_operators
import tracing.random_products
import tracing.random_states
import tracing.random_transforms  # noqa: F401
from tracing.random_models import ANY_NAME, Case, Piece, Recipe, build

import convcost
from convcost.core.trace import Operation

OUTCOMES = ("right", "named", "silent", "wrong", "error")

GOOD = ("right", "named")


class Setting(NamedTuple):
    """How a model is profiled."""

    is_training: bool
    has_gradients: bool
    backward: bool = False


FORWARD = tuple(Setting(training, gradients) for training in (True, False) for gradients in (True, False))

BACKWARD = Setting(True, True, True)


class Verdict(NamedTuple):
    """An outcome, and the reason where it is none of the good ones."""

    outcome: str
    reason: str = ""


def judge(case: Case, setting: Setting) -> Verdict:
    """Profile the case's model, and compare."""
    case.model.train(setting.is_training)
    profiler = convcost.Profiler(backward=setting.backward, formulas=case.formulas)
    try:
        with torch.random.fork_rng(), torch.set_grad_enabled(setting.has_gradients):
            report = profiler.profile(case.model, case.x)
    except Exception as error:
        return Verdict("error", f"{type(error).__name__}: {str(error).splitlines()[:1]}")
    return compared(case, setting.is_training, report)


def compared(case: Case, is_training: bool, report: convcost.Report) -> Verdict:
    """The verdict on a report.

    Everything that is uncountable has to be named, or estimated and marked so, and the rest has to be there
    to the last MAC, or the piece that lacks some may be named and is. What is counted in excess, or named
    without reason, is wrong.
    """
    total, expected = sum(each.cost.macs for each in exact(report)), case.expected(is_training)
    pieces = [
        PieceCount(piece, f"pieces.{number}", piece.expected(is_training), report)
        for number, piece in enumerate(case.pieces)
    ]
    named = entries(report)
    said = f"{total} MACs of {expected}; named: {sorted(named)}"
    if any(found.is_unnamed for found in pieces):
        return Verdict("silent", f"uncountable and not named; {said}")
    if total > expected or any(found.macs > found.expected for found in pieces):
        return Verdict("wrong", f"too many MACs; {said}")
    needless = named - {entry for found in pieces for entry in found.allowed}
    if needless:
        return Verdict("wrong", f"named without reason: {sorted(needless)}; {said}")
    if total < expected and not all(found.is_explained for found in pieces):
        return Verdict("silent", f"too few MACs; {said}")
    return Verdict("named" if named else "right")


def exact(report: convcost.Report) -> list[Operation]:
    """What a forward multiplies, estimates aside."""
    operations = report.trace.operations
    return [each for each in operations if each.phase == "forward" and not each.estimated]


def entries(report: convcost.Report) -> set[tuple[str, str]]:
    """Paths and names of all that is not counted, or estimated."""
    estimates = (each for each in report.trace.operations if each.estimated and each.cost.macs)
    return {(each.path, each.operator) for each in (*report.trace.uncounted, *estimates)}


@dataclass(frozen=True)
class PieceCount:
    """What a report has of the piece at a path."""

    piece: Piece
    path: str
    expected: int
    report: convcost.Report

    @property
    def macs(self) -> int:
        """What is counted there."""
        return sum(each.cost.macs for each in exact(self.report) if self._has(each.path))

    @property
    def is_unnamed(self) -> bool:
        """Whether something uncountable is not named."""
        return not self.piece.may_name and not all(map(self._entries, self.piece.names))

    @property
    def is_explained(self) -> bool:
        """Whether all MACs are there, or the piece may be named instead and is."""
        return self.macs >= self.expected or (
            self.piece.may_name and any(map(self._entries, self.piece.names))
        )

    @property
    def allowed(self) -> set[tuple[str, str]]:
        """What is named with reason."""
        names = (*self.piece.names, *self.piece.extra_names)
        return {entry for name in names for entry in self._entries(name)}

    def _entries(self, name: str) -> list[tuple[str, str]]:
        """What is named by `name`, wherever it is, or by any name at the piece's path or the model's own."""
        found = entries(self.report)
        if name == ANY_NAME:
            return [entry for entry in found if entry[0] == "" or self._has(entry[0])]
        return [entry for entry in found if name in entry[1]]

    def _has(self, path: str) -> bool:
        return f"{path}.".startswith(f"{self.path}.")


@cache
def worst(recipes: tuple[Recipe, ...], seed: int, settings: tuple[Setting, ...]) -> Verdict:
    """The worst verdict on one model, which is the same object under all settings."""
    case = build(recipes, seed)
    verdicts = {setting: judge(case, setting) for setting in settings}
    setting, verdict = max(verdicts.items(), key=lambda found: OUTCOMES.index(found[1].outcome))
    if verdict.outcome in GOOD:
        return verdict
    return Verdict(verdict.outcome, f"{verdict.reason} under {setting}")


def smallest(recipes: tuple[Recipe, ...], seed: int, settings: tuple[Setting, ...]) -> tuple[Recipe, ...]:
    """As few of the pieces as still fail in some way."""
    for number in range(len(recipes)):
        fewer = recipes[:number] + recipes[number + 1 :]
        if fewer and worst(fewer, seed, settings).outcome not in GOOD:
            return smallest(fewer, seed, settings)
    return recipes
