"""An operator without a formula is named, whatever goes in or comes out; index work of torch's is free."""

import pytest
import torch
from models import Calls

from convcost import Cost
from convcost.tracing.profile import Profiler, profile


@torch.library.custom_op("convcost_tests::of_integers", mutates_args=())
def of_integers(x: torch.Tensor) -> torch.Tensor:
    return x.clone()


@of_integers.register_fake
def _(x):
    return torch.empty_like(x)


@torch.library.custom_op("convcost_tests::to_number", mutates_args=())
def to_number(x: torch.Tensor) -> float:
    return 1.0


@to_number.register_fake
def _(x):
    return 1.0


@torch.library.custom_op("convcost_tests::gelu_backward", mutates_args=())
def gelu_backward(x: torch.Tensor) -> torch.Tensor:
    return x.clone()


@gelu_backward.register_fake
def _(x):
    return torch.empty_like(x)


def named(function, *inputs):
    report = profile(Calls(lambda _, *inputs: function(*inputs)), *inputs)
    return [found.operator.partition("::")[2] for found in report.trace.uncounted]


@pytest.mark.parametrize(
    "dtype", [torch.int8, torch.int64, torch.bool, torch.float32, torch.complex64], ids=str
)
def test_an_unknown_operator_is_named_whatever_its_dtype(dtype):
    assert named(of_integers, torch.zeros(2, 3, dtype=dtype)) == ["of_integers"]


def test_an_unknown_operator_that_returns_no_tensor_is_named():
    assert named(to_number, torch.zeros(2, 3)) == ["to_number"]


def test_a_formula_counts_an_operator_that_returns_no_tensor():
    formulas = {"convcost_tests::to_number": lambda x, **_: Cost(macs=x.shape[0])}
    report = Profiler(formulas=formulas).profile(Calls(lambda _, x: (to_number(x), x)), torch.zeros(2, 3))
    assert (report.macs, report.trace.is_partial) == (2, False)


def test_a_users_operator_is_not_taken_for_a_backward_of_torchs():
    assert named(gelu_backward, torch.zeros(2, 3)) == ["gelu_backward"]


def integers(*shape):
    return torch.zeros(shape, dtype=torch.int64)


INDEX_WORK = {
    "comparisons": lambda: (integers(3) == 0) & (integers(3) < 2),
    "arithmetic": lambda: integers(3) * 2 + integers(3) // 3 % 2,
    "a running sum": lambda: integers(3, 4).cumsum(0),
    "a largest": lambda: integers(3, 4).max(1),
    "sorting": lambda: integers(5).sort(),
    "unique ones": lambda: integers(5).unique(),
    "counts": lambda: integers(5).bincount(),
    "a mask": lambda: torch.ones(4, 4, dtype=torch.bool).tril(),
    "looking up": lambda: integers(5)[integers(2)],
    "scattering": lambda: integers(5).scatter_add(0, integers(3), integers(3)),
    "putting in": lambda: integers(5).index_put((integers(2),), integers(2), accumulate=True),
    "one hot": lambda: torch.nn.functional.one_hot(integers(3), 4),
    "searching": lambda: torch.searchsorted(integers(5), integers(2)),
    "shifts": lambda: integers(3) << 2,
    "a trace": lambda: integers(3, 3).trace(),
    "whether equal": lambda: torch.equal(integers(3), integers(3)),
    "a sparse one's size": lambda: torch.eye(3).to_sparse()._nnz(),
}


@pytest.mark.parametrize("name", INDEX_WORK)
def test_work_with_indices_is_free_and_not_named(name):
    report = profile(Calls(lambda _: INDEX_WORK[name]()))
    assert (report.cost, report.trace.uncounted) == (Cost(), ())


IN_PLACE = {
    "abs": (1, lambda x: x.abs_()),
    "copysign": (1, lambda x: x.copysign_(x)),
    "heaviside": (1, lambda x: x.heaviside_(x)),
    "a comparison": (1, lambda x: x.gt_(0)),
    "a comparison of integers": (0, lambda x: x.long().eq_(0)),
    "a common divisor": (0, lambda x: x.long().gcd_(x.long())),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_what_is_written_in_place_counts_as_what_is_made_anew(name):
    """Torch has no tags for some of these."""
    each, function = IN_PLACE[name]
    report = profile(Calls(lambda _: function(torch.zeros(3, 4))))
    assert (report.elementwise, report.trace.is_partial) == (12 * each, False)


def test_ranges_of_a_profiler_are_no_operators():
    def ranged(x):
        with torch.profiler.record_function("range"):
            return x + 1

    assert named(ranged, torch.zeros(3)) == []
