"""Text generation by a language model: its phases, its cache, its experts. Pure data."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from convcost.core import arithmetic
from convcost.core.cost import Shape, Size

GenerationPhase = Literal["prefill", "decode"]
"""Prefill runs the whole prompt and fills the cache; decode runs one more token per sequence."""

GENERATION_PHASES: tuple[GenerationPhase, ...] = get_args(GenerationPhase)


class CachedTensor(NamedTuple):
    """A tensor of the cache; `occurrences` of them share name, dtype and shape."""

    name: str
    dtype: str
    shape: Shape
    itemsize: int
    occurrences: int = 1

    @property
    def bytes(self) -> Size:
        """The bytes of all occurrences."""
        return self.occurrences * arithmetic.elements(self.shape) * self.itemsize


class PhaseRun(NamedTuple):
    """A run of a language model in one phase.

    Attributes:
        phase: The phase.
        context: The number of tokens in each sequence of the prompt.
        tokens: The number of tokens that ran, in all sequences.
        cache: The tensors of the cache after the prompt, which prefill writes and decode reads.
    """

    phase: GenerationPhase
    context: Size
    tokens: Size
    cache: tuple[CachedTensor, ...]

    @property
    def cache_bytes(self) -> Size:
        """The bytes of the cache."""
        return arithmetic.total([tensor.bytes for tensor in self.cache], 0)


class ExpertRouting(NamedTuple):
    """The experts at `path`, with `params` parameters in total; each token is routed to `used` of them."""

    path: str
    used: int
    experts: int
    params: int

    @property
    def idle_params(self) -> int:
        """The parameters of the experts that a token does not use."""
        return self.params * (self.experts - self.used) // self.experts
