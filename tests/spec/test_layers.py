"""Every layer as text: what a layer prints is read as that layer, and one slip in it never crashes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import Case, cases

from convcost.analysis.layer_reference import layer_spec
from convcost.core.errors import ConvcostError
from convcost.layers import KINDS
from convcost.spec import parse


def written(case: Case) -> str:
    return layer_spec(case.layer, case.shape)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_layer_prints_is_read_as_that_layer(kind):
    @settings(max_examples=8)
    @given(cases(kind))
    def holds(case):
        network = parse(written(case)).network({})
        [layer], shapes = network.layers, [tensor.shape for tensor in network.report().inputs]
        assert (type(layer), layer.arguments()) == (type(case.layer), case.layer.arguments())
        assert shapes == [case.shape, *case.layer.further_inputs]

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_from_text_is_that_of_the_layer(kind):
    @settings(max_examples=4)
    @given(cases(kind))
    def holds(case):
        report = parse(written(case)).report({})
        assert (report.cost, report.output) == (case.layer.cost(case.shape), case.layer.output(case.shape))

    holds()


SLIPS = st.sampled_from(
    ("", "0", "-1", "7", "99", "E", ",", "(", ")", "None", "True", "same", "1e30", "=", " ")
)


@st.composite
def slipped(draw):
    """A layer's text with a few characters put over others."""
    text = written(draw(st.sampled_from(KINDS).flatmap(cases)))
    start = draw(st.integers(0, len(text)))
    return text[:start] + draw(SLIPS) + text[start + draw(st.integers(0, 3)) :]


def is_answered_or_refused(text: str) -> None:
    try:
        spec = parse(text)
        report = spec.report(dict.fromkeys(spec.names, 12))
    except ConvcostError:
        return
    assert min(report.macs - report.valid_macs, report.params, report.elementwise, *report.output) >= 0


@settings(max_examples=600)
@given(slipped())
def test_a_slip_in_a_text_is_answered_or_refused(text):
    is_answered_or_refused(text)


@pytest.mark.slow
@settings(max_examples=10_000)
@given(slipped())
def test_a_slip_in_a_text_is_answered_or_refused_over_many_cases(text):
    is_answered_or_refused(text)
