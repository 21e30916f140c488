"""Products with sparse tensors: a MAC for each stored entry and what it meets, which is said."""

import pytest
import torch
import torch.nn.functional as F
from models import Calls
from torch import nn

from convcost.analysis.breakdown import operator_totals
from convcost.tracing.profile import Profiler, profile

pytestmark = pytest.mark.filterwarnings("ignore:Sparse")

N, K, M, ENTRIES = 4, 6, 3, 5

PLACES = torch.tensor([[0, 1, 2, 3, 3], [0, 2, 5, 1, 4]])


def coo(rows=N, columns=K):
    return torch.sparse_coo_tensor(PLACES, torch.ones(ENTRIES), (rows, columns)).coalesce()


def csr():
    return coo().to_sparse_csr()


def dense(*shape):
    return torch.zeros(shape)


PRODUCTS = {
    "sparse.mm": lambda left: torch.sparse.mm(left, dense(K, M)),
    "mm": lambda left: torch.mm(left, dense(K, M)),
    "matmul": lambda left: left @ dense(K, M),
    "smm": lambda left: torch.smm(left, dense(K, M)),
    "hspmm": lambda left: torch.hspmm(left, dense(K, M)),
    "addmm": lambda left: torch.addmm(dense(N, M), left, dense(K, M)),
    "sparse.addmm": lambda left: torch.sparse.addmm(dense(N, M), left, dense(K, M)),
    "bmm": lambda left: torch.bmm(left.unsqueeze(0), dense(1, K, M)),
}

OF_COMPRESSED = ("sparse.mm", "mm", "matmul", "addmm")


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_costs_its_entries_for_each_column(name):
    for left in (coo(), *([csr()] if name in OF_COMPRESSED else [])):
        report = profile(Calls(lambda _, left=left: PRODUCTS[name](left)))
        assert (report.macs, report.trace.is_partial) == (ENTRIES * M, False)
        assert [each.sparse for each in operator_totals(report.trace) if each.cost.macs] == [True]


def test_a_product_with_a_vector_costs_its_entries():
    assert profile(Calls(lambda _: coo() @ dense(K))).macs == ENTRIES
    assert profile(Calls(lambda _: torch.mv(csr(), dense(K)))).macs == ENTRIES


def test_entries_on_the_right_meet_each_row():
    assert profile(Calls(lambda _: dense(M, N) @ csr())).macs == ENTRIES * M
    linear = Calls(lambda _: F.linear(dense(2, M, K), csr(), dense(N)))
    report = profile(linear)
    assert (report.macs, report.bias_adds) == (2 * M * ENTRIES, 2 * M * N)


def test_two_sparse_matrices_cost_what_their_entries_meet():
    """An entry of the left in column i meets the entries of the right in row i; columns are 0, 2, 5, 1, 4."""
    right = torch.sparse_coo_tensor([[0, 0, 2, 3], [0, 1, 1, 2]], torch.ones(4), (K, M)).coalesce()
    report = profile(Calls(lambda _: torch.sparse.mm(coo(), right)))
    assert (report.macs, report.trace.is_partial) == (2 + 1, False)


def test_products_sampled_at_entries_cost_the_inner_dimension_for_each():
    module = Calls(lambda _: torch.sparse.sampled_addmm(csr(), dense(N, 8), dense(8, K)))
    assert profile(module).macs == ENTRIES * 8


def test_a_reduced_product_costs_its_entries_too():
    assert profile(Calls(lambda _: torch.sparse.mm(csr(), dense(K, M), "amax"))).macs == ENTRIES * M


def test_stored_zeros_count_as_entries():
    zeros = torch.sparse_coo_tensor(PLACES, torch.zeros(ENTRIES), (N, K))
    assert profile(Calls(lambda _: torch.sparse.mm(zeros, dense(K, M)))).macs == ENTRIES * M


@pytest.mark.parametrize("has_gradients", [False, True])
def test_a_sparse_buffer_of_a_module_counts_by_its_entries(has_gradients):
    module = Calls(lambda module, x: torch.sparse.mm(module.graph, module.linear(x)), linear=nn.Linear(8, M))
    module.register_buffer("graph", coo())
    with torch.set_grad_enabled(has_gradients):
        report = profile(module, torch.randn(K, 8))
    assert (report.macs, report.trace.is_partial) == (ENTRIES * M + K * 8 * M, False)


def test_gradients_cost_the_entries_again():
    left = coo().requires_grad_()
    module = Calls(lambda _, left, x: torch.sparse.mm(left, x))
    trace = Profiler(backward=True).profile(module, left, torch.zeros(K, M, requires_grad=True)).trace
    assert trace.total("gradient by input").macs == 2 * ENTRIES * M


def test_what_is_computed_of_a_sparse_matrix_stays_sparse():
    """It is larger than the constants that keep their data."""
    large = torch.sparse_coo_tensor(PLACES, torch.ones(ENTRIES), (400, 600)).coalesce()
    report = profile(Calls(lambda _, x: torch.sparse.mm((large * 2).t(), x)), torch.randn(400, M))
    assert (report.macs, report.trace.is_partial) == (ENTRIES * M, False)


def test_a_sparse_tensor_by_numbers_without_data_is_run_on_data():
    """Torch has no formula for the shape, and what came out would pass for a dense tensor."""
    report = profile(Calls(lambda _, x: torch.sparse.mm(coo() * x, dense(K, M))), torch.ones(N, K))
    assert (report.macs, report.trace.ran) == (ENTRIES * M, "data")


def test_half_of_a_matrix_with_two_in_four_is_multiplied():
    from convcost.operators import OPERATORS
    from convcost.operators.interface import ShapeOperand

    found = OPERATORS["_sparse_semi_structured_linear"].cost(
        input=ShapeOperand((2, 8)), output=ShapeOperand((2, 16))
    )
    assert found.macs == 2 * 8 * 16 // 2


def test_a_convolution_of_a_sparse_tensor_is_named():
    from convcost.operators import OPERATORS
    from convcost.tracing.recording.known_operators import rule_for

    assert rule_for(OPERATORS["conv1d"], [coo()]) is None
