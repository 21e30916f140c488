"""Designs with branches: residuals, joins, further inputs, against the torch module that they stand for."""

import pytest
import torch
from designs import designs
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

import convcost
from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.errors import SpecError
from convcost.spec import parse
from convcost.tracing.network_module import build_network


def agrees_with_the_module(text: str, channels: int) -> None:
    report = convcost.cost(text, C=channels)
    module, inputs = build_network(parse(text).network({"C": channels}), "meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = module(*inputs)
    assert report.output == tuple(output.shape)
    assert report.params == sum(parameter.numel() for parameter in module.parameters())
    assert report.macs * FLOPS_PER_MAC == counter.get_total_flops()


@settings(max_examples=25, deadline=None)
@given(designs(), st.integers(1, 5))
def test_shapes_parameters_and_macs_are_those_of_the_module(text, channels):
    agrees_with_the_module(text, channels)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(designs(), st.integers(1, 5))
def test_shapes_parameters_and_macs_are_those_of_the_module_over_many_designs(text, channels):
    agrees_with_the_module(text, channels)


@settings(max_examples=20, deadline=None)
@given(designs(depth=2), st.integers(1, 5))
def test_every_quantity_is_what_tracing_the_module_counts(text, channels):
    report = convcost.cost(text, C=channels)
    module, inputs = build_network(parse(text).network({"C": channels}), "meta")
    traced = convcost.profile(module, *inputs)
    assert (traced.cost, traced.params, traced.bytes) == (report.cost, report.params, report.bytes)


@settings(max_examples=60, deadline=None)
@given(designs(depth=3), st.integers(1, 5))
def test_formulas_come_to_the_numbers_that_their_sizes_give(text, channels):
    opened, numbers = convcost.cost(text), convcost.cost(text, C=channels)
    report = opened.subs(C=channels) if opened.open_names else opened
    assert (report.cost, report.params, report.bytes) == (numbers.cost, numbers.params, numbers.bytes)
    assert report.output == numbers.output


def rows(text, **sizes):
    return [(row.path, row.kind) for row in convcost.cost(text, **sizes).rows]


def test_rows_are_in_the_order_of_running_with_the_places_of_branches_as_paths():
    assert rows("[2, 3] -> ReLU -> x + (Linear(3, 5) -> Linear(5, 3)) -> concat(x, GELU, dim=1)") == [
        ("0", "ReLU"),
        ("1.1.0", "Linear"),
        ("1.1.1", "Linear"),
        ("1", "add"),
        ("2.1", "GELU"),
        ("2", "concat"),
    ]


def test_a_row_says_which_rows_and_inputs_it_reads():
    report = convcost.cost("[2, 3] -> ReLU -> x + Linear(3, 3) -> add(x, [2, 1], [3])")
    assert [row.sources for row in report.rows] == [(-1,), (0,), (0, 1), (2, -2, -3)]
    assert [tensor.shape for tensor in report.inputs] == [(2, 3), (2, 1), (3,)]


def test_bytes_have_every_input_once():
    report = convcost.cost("[2, 3] -> x + [5, 1, 3] + x")
    assert report.bytes == 4 * (2 * 3 + 5 * 3 + 5 * 2 * 3)


def test_a_sum_of_three_costs_two_additions_an_element_of_what_has_been_broadcast():
    assert convcost.cost("[3] -> add(x, [3], [2, 3])").elementwise == 3 + 6


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("[2, 3] -> x + Linear(3, 3)", "[2, 3] -> add(x, Linear(3, 3))"),
        ("[2, 3] -> x + Linear(3, 3) * ReLU", "[2, 3] -> add(x, mul(Linear(3, 3), ReLU))"),
        ("[2, 3] -> x + 2 x Linear(3, 3)", "[2, 3] -> add(x, Linear(3, 3) -> Linear(3, 3))"),
        ("[2, 3] -> (x + ReLU) x 2", "[2, 3] -> x + ReLU -> x + ReLU"),
        ("[2, 3] -> 2*(x * ReLU)", "[2, 3] -> x * ReLU -> x * ReLU"),
        ("[2, 3] -> ReLU -> x", "[2, 3] -> ReLU"),
        ("[2, 3] -> Linear(3, 4)(ReLU)", "[2, 3] -> ReLU -> Linear(3, 4)"),
        ("[2, 3] -> cat(x, x, dim=1)", "[2, 3] -> concat(x, x, dim=1)"),
        ("[2, 3] -> view(6)", "[2, 3] -> reshape(6)"),
        ("[2, 3] -> permute((1, 0))", "[2, 3] -> permute(1, 0)"),
    ],
)
def test_two_ways_to_write_the_same_design(short, long):
    ours, theirs = (
        [row._replace(path="", branch_source=None) for row in convcost.cost(text).rows]
        for text in (short, long)
    )
    assert ours == theirs


def test_a_size_may_be_called_x():
    assert convcost.cost("[x, 3] -> x + Linear(3, x)", x=3).params == 12


def test_the_input_is_the_usual_one_of_the_first_layer_that_takes_it():
    assert convcost.cost("x + Conv2d(C, C, 3, padding=1)", C=8, H=4, W=4).input == (1, 8, 4, 4)
    assert convcost.cost("add([7, 8] -> Linear(8, 6), Linear(5, 6))").input == (1, 1, 5)


ERRORS = (
    """\
add: dimension -1 of input 2 is 4, but that of the earlier inputs is 3
  [2,3] -> x + Linear(3,4)
               ^^^^^^^^^^^
Its shape is [2, 4]; the earlier inputs have [2, 3].
""",
    """\
concat: dimension 1 of input 2 is 4, but that of input 1 is 3
  [2,3] -> concat(x, [2,4], dim=0)
                     ^^^^^
Only dimension 0 may differ: [2, 4] and [2, 3].
""",
    """\
matmul: the rows of input 2 is 4, but the columns of input 1 is 3
  [2,3] -> matmul(x, [4,5])
                     ^^^^^
The shapes are [2, 3] and [4, 5].
""",
    """\
the design has no layers
  [3] -> x
          ^
Add -> and a layer.
""",
    """\
an input in the middle of a chain
  [2,3] -> ReLU -> [3,4] -> ReLU
                   ^^^^^
Put it at the start of a branch, or of the whole design.
""",
    """\
ReLU: it has 2 inputs; expected 1
  [2,3] -> ReLU()(x, x)
           ^^^^
""",
    """\
unexpected end; expected a layer such as Linear(10E, E)
  Linear(8,2) +
               ^
""",
    """\
einsum: k occurs in one input only
  [2,3] -> einsum("ij,jk->i", x, [3,4])
                  ^^^^^^^^^^
Sum over k in that branch first: sum(1).
""",
    """\
einsum: k in input 2 is 5, but k in input 1 is 1
  [2,1] -> einsum("ik,kj->ij", x, [5,4])
                                  ^^^^^
""",
    """\
einsum: '\\xe4' is not a letter for a dimension: use a to z or A to Z
  [2] -> einsum("\\xe4,a->a", x, x)
                ^^^^^^^^^^^
""",
    """\
matmul: a scalar has no rows or columns
  [2] -> sum(0) -> matmul(x, [2])
                          ^
""",
    """\
select: index must be a plain number
  [2,3] -> select(0, E)
                     ^
""",
    """\
concat: it has 1 input; expected 2 to 64
  [2,3] -> cat([x, ReLU], dim=1)
           ^^^
Give the inputs without a list: concat(x, ReLU, dim=1).
""",
    """\
dims takes a list of sizes
  [2,3] -> permute(1, True)
                      ^^^^
""",
    """\
torch.nn parameters can't have the dtype float8
  [3] -> Linear(3,3,dtype=float8)
                    ^^^^^^^^^^^^
Choose from float64, float32, float16, bfloat16.
""",
    """\
dtype is given twice
  [3] -> Linear(3,3,dtype=half,dtype=half)
                               ^^^^^^^^^^
""",
    """\
add: the input is of the design's dtype, but the layer is float16
  [3] -> Linear(3,3,dtype=half) + [3]
                                  ^^^
""",
    """\
found ')'; expected 'x' and the layer to repeat
  [3] -> concat(x, x, 0)
                       ^
A number is not a branch. Name the argument: dim=1.
""",
    """\
found '-'; expected '->' or the end of the spec
  [3] -> x - ReLU
           ^
Join branches with +, *, concat, matmul or einsum. For other operations, use a module: file.py:Net.
""",
    """\
Linear: the input is float16, but the layer is of the design's dtype
  [3] -> Linear(3,3,dtype=torch.half) -> Linear(3,2)
                                         ^^^^^^
Give the layer the same dtype: dtype=float16.
""",
)


@pytest.mark.parametrize("expected", ERRORS, ids=lambda shown: shown.splitlines()[0])
def test_what_does_not_fit_is_pointed_at(expected):
    text = expected.splitlines()[1].strip().replace("\\xe4", "\xe4")
    with pytest.raises(SpecError) as error:
        convcost.cost(text)
    assert str(error.value) + "\n" == expected


def test_a_dtype_sets_the_bytes_of_its_layer_and_of_what_follows_without_one():
    report = convcost.cost("[2, 3] -> Linear(3, 5, dtype=torch.float16, device='cuda') -> ReLU")
    assert report.bytes == 2 * (2 * 3 + 3 * 5 + 5 + 2 * 5)
    assert [row.bytes(4) for row in report.rows] == [2 * (6 + 20 + 10), 2 * (10 + 10)]


def test_a_dtype_that_is_the_designs_own_changes_nothing():
    assert convcost.cost("[2, 3] -> Linear(3, 5, dtype=torch.float32) -> Linear(5, 2)").bytes == 4 * (
        6 + 32 + 4
    )


@pytest.mark.parametrize(
    ("scale", "output"), [("(2.0, 0.5)", (16, 4)), ("(2, 1/2)", (16, 4)), ("[1.5, 2]", (12, 16))]
)
def test_a_tuple_may_have_numbers_that_are_no_sizes(scale, output):
    assert convcost.cost(f"[1, 3, 8, 8] -> Upsample(scale_factor={scale})").output == (1, 3, *output)
