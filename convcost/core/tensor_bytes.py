"""The bytes of tensors, which tell floating-point elements from others. Pure data."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core.cost import Size


class ElementType(NamedTuple):
    """The bytes of an element, and whether it is floating point."""

    itemsize: int
    is_float: bool

    def with_floats(self, itemsize: int) -> ElementType:
        """The type, with `itemsize` bytes if it is floating point."""
        return self._replace(itemsize=itemsize) if self.is_float else self


class TensorBytes(NamedTuple):
    """The bytes of some tensors: `float_elements` elements in `float_bytes`, and `other_bytes`."""

    float_elements: Size = 0
    float_bytes: Size = 0
    other_bytes: Size = 0

    @property
    def total(self) -> Size:
        """All bytes."""
        return self.float_bytes + self.other_bytes

    def with_floats(self, itemsize: int) -> TensorBytes:
        """The bytes with `itemsize` bytes per floating-point element."""
        return self._replace(float_bytes=self.float_elements * itemsize)

    def plus(self, other: TensorBytes) -> TensorBytes:
        """The bytes of both."""
        return TensorBytes(*(first + second for first, second in zip(self, other, strict=True)))
