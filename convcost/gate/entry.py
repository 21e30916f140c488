"""An entry of the configuration: what is counted, and what is asked of it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core.cost import MATMUL, Convention
from convcost.gate.limit import Limit
from convcost.spec import Spec
from convcost.system.workers import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from convcost.tracing.target.inputs import Inputs


class ConfiguredModel(NamedTuple):
    """A torch module by its place as the configuration has it, and what it is made from and run on."""

    text: str
    inputs: Inputs
    maker: str
    arguments: Mapping[str, Any]
    train: bool
    formulas: str

    @property
    def names(self) -> tuple[str, ...]:
        """The sizes in its inputs that have a name."""
        return self.inputs.names


class Entry(NamedTuple):
    """A design or a model with its sizes, its limits, and the counters that have to agree."""

    name: str
    subject: Spec | ConfiguredModel
    sizes: Mapping[str, int]
    limits: tuple[Limit, ...] = ()
    counters: tuple[str, ...] = ()
    tolerance: Fraction = Fraction(0)
    convention: Convention = MATMUL
    dtype: str = "float32"
    growth_only: bool = False
    timeout: float = DEFAULT_TIMEOUT

    @property
    def text(self) -> str:
        """The design, or the module's place, as it was written."""
        return self.subject.text

    @property
    def key(self) -> str:
        """The key that names the subject."""
        return "spec" if isinstance(self.subject, Spec) else "model"

    @property
    def open_names(self) -> tuple[str, ...]:
        """The sizes without a number."""
        return tuple(name for name in self.subject.names if name not in self.sizes)
