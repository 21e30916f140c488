"""Records: how they are made from results, and what becomes of them in JSON."""

from collections import namedtuple
from fractions import Fraction

import pytest
from msgspec import UNSET, UnsetType

from convcost import cost
from convcost.render.records.record import (
    Formula,
    Record,
    data,
    field_values,
    fields_of,
    plain_data,
    record_from,
    record_type,
)

Engine = namedtuple("Engine", "power fuel shape")


class EngineRecord(Record, kw_only=True):
    """What drives."""

    power: Formula
    note: str | UnsetType = UNSET
    shape: list[Formula]


ENGINE = Engine(10**30, "wood", (2, Fraction(1, 2)))


def test_a_record_takes_the_attributes_that_are_called_as_its_fields():
    assert record_from(EngineRecord, ENGINE) == EngineRecord(power=10**30, shape=[2, 0.5])


def test_what_is_given_beside_the_source_goes_before_its_attributes():
    assert record_from(EngineRecord, ENGINE, power="x", note="new").power == "x"


def test_an_attribute_that_the_source_lacks_is_an_error():
    with pytest.raises(AttributeError, match="power"):
        record_from(EngineRecord, object())


def test_an_optional_field_is_left_out_wherever_it_stands():
    made = record_from(EngineRecord, ENGINE)
    assert field_values(made).keys() == plain_data(made).keys() == {"power", "shape"}
    with_note = plain_data(record_from(EngineRecord, ENGINE, note="new"))
    assert list(with_note) == ["power", "note", "shape"]


def test_records_can_be_put_together_and_keep_what_is_optional():
    made = record_type("Wide", "Both.", [("wheels", int)], fields_of(EngineRecord))
    assert plain_data(made(wheels=4, power=1, shape=[])) == {"wheels": 4, "power": 1, "shape": []}


def test_a_formula_is_the_text_of_a_program_and_a_number_where_it_is_one():
    assert data(cost("[B, E] -> Linear(E, 2E)").macs) == "2*B*E**2"
    report = cost("[B, E] -> Linear(E, 2E)")
    assert data(report.macs - report.macs + 3) == 3


def test_a_fraction_beyond_floats_is_a_whole_number():
    assert data(Fraction(10**400, 3)) == round(Fraction(10**400, 3))


class Loud(str):
    """A text of a class of its own."""


def test_a_text_of_its_own_class_is_a_text_and_any_other_object_no_data():
    assert type(plain_data(EngineRecord(power=Loud("x"), shape=[]))["power"]) is str
    with pytest.raises(TypeError, match="Fraction is not data"):
        plain_data(EngineRecord(power=Fraction(1, 2), shape=[]))
