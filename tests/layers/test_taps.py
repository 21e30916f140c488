"""Taps on data, against counting them one by one: with numbers, and with any of the sizes left open."""

from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol

from convcost.core.arithmetic import convolution_length
from convcost.layers.taps import taps_on_data
from convcost.symbolic.formula import size_formula
from convcost.symbolic.substitution import substitute


class Geometry(NamedTuple):
    length: int
    kernel_size: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def windows(self):
        padding = self.before + self.after
        return convolution_length(self.length, self.kernel_size, self.stride, padding, self.dilation)


SMALL = st.integers(1, 5)
GEOMETRIES = st.builds(Geometry, st.integers(1, 20), SMALL, SMALL, SMALL, *[st.integers(0, 7)] * 2).filter(
    lambda geometry: geometry.windows > 0
)


def counted(geometry):
    """The taps on data, one by one."""
    taps = product(range(geometry.windows), range(geometry.kernel_size))
    places = (w * geometry.stride + k * geometry.dilation - geometry.before for w, k in taps)
    return sum(0 <= place < geometry.length for place in places)


def formula(geometry):
    length, *others = geometry
    return taps_on_data(length, geometry.windows, *others)


@settings(max_examples=300)
@given(GEOMETRIES)
def test_taps_on_data_are_those_counted_one_by_one(geometry):
    assert formula(geometry) == counted(geometry)


@settings(max_examples=300)
@given(GEOMETRIES, st.sets(st.sampled_from(Geometry._fields)))
def test_a_formula_in_open_sizes_has_them_too(geometry, left_open):
    opened = geometry._replace(
        **{field: size_formula(field) for field in left_open if getattr(geometry, field)}
    )
    found = formula(opened)
    assert found is None or substitute(found, geometry._asdict()) == counted(geometry)


@pytest.mark.parametrize("left_open", [("length",), ("kernel_size", "padding"), ("stride", "dilation")])
def test_a_small_padding_has_a_formula_whatever_else_is_open(left_open):
    geometry = Geometry(size_formula("length"), 3, 2, 1, 1, 1)
    fields = [field for field in left_open if field != "padding"]
    assert formula(geometry._replace(**{field: size_formula(field) for field in fields})) is not None


def test_all_open_sizes_together_leave_no_formula():
    assert formula(Geometry(*map(size_formula, Geometry._fields))) is None
    assert formula(Geometry(*map(Symbol, Geometry._fields))) is None


def test_a_formula_of_many_terms_is_none():
    assert formula(Geometry(size_formula("length"), 2000, 997, 991, 10**6, 10**6)) is None


def test_taps_on_a_length_beyond_any_loop_are_exact():
    assert formula(Geometry(10**18, 3, 1, 1, 1, 1)) == 3 * 10**18 - 2
