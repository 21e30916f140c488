import layer_cases
import pytest
from hypothesis import assume, given, settings

from convcost.core.cost import MATMUL
from convcost.core.errors import RequirementError, UsageError
from convcost.layers import KINDS
from convcost.layers.network import Network, chain_of
from convcost.symbolic.report import open_report
from convcost.symbolic.sizes import substitute_sizes
from convcost.symbolic.sympy_bridge import symbol

CONTEXT = (MATMUL, "float32")
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def with_numbers_put_in(case):
    """The report of a layer on an input of open dimensions, and then these given their numbers."""
    names = [f"d{place}" for place in range(len(case.shape))]
    sizes = {name: symbol(name) for name in names}
    network = Network(chain_of(case.layer), tuple(sizes.values()), sizes=sizes)
    return substitute_sizes(open_report(network, *CONTEXT), dict(zip(names, case.shape, strict=True)))


def as_numbers(case):
    return Network(chain_of(case.layer), case.shape).report(*CONTEXT)


def check(case):
    try:
        opened = with_numbers_put_in(case)
    except (RequirementError, UsageError) as error:
        assume("violates an assumption" not in str(error) and "rounds its product" not in str(error))
        raise
    numbers = as_numbers(case)
    assert opened.output == numbers.output
    assert opened.cost == numbers.cost
    assert (opened.params, opened.bytes) == (numbers.params, numbers.bytes)
    assert all(
        type(size) is int for size in (*opened.output, opened.macs, opened.valid_macs, opened.elementwise)
    )


@EVERY_KIND
@settings(max_examples=4)
@given(data=layer_cases.st.data())
def test_a_formula_with_numbers_put_in_is_the_numeric_count(kind, data):
    check(data.draw(layer_cases.cases(kind)))


@pytest.mark.slow
@EVERY_KIND
@settings(max_examples=40)
@given(data=layer_cases.st.data())
def test_a_formula_with_numbers_put_in_is_the_numeric_count_over_many_cases(kind, data):
    check(data.draw(layer_cases.cases(kind)))
