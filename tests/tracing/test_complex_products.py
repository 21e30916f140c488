"""A product of complex numbers is four of real ones, in every contraction and in its gradients."""

import pytest
import torch
import torch.nn.functional as F
from models import Calls

from convcost import Cost
from convcost.analysis.breakdown import operator_totals
from convcost.tracing.profile import Profiler, profile

N, K, M = 3, 5, 7


def numbers(*shape, **options):
    return torch.zeros(shape, dtype=torch.complex64, **options)


PRODUCTS = {
    "matmul": (N * K * M, lambda new: new(N, K) @ new(K, M)),
    "mm": (N * K * M, lambda new: torch.mm(new(N, K), new(K, M))),
    "bmm": (2 * N * K * M, lambda new: torch.bmm(new(2, N, K), new(2, K, M))),
    "addmm": (N * K * M, lambda new: torch.addmm(new(N, M), new(N, K), new(K, M))),
    "baddbmm": (2 * N * K * M, lambda new: torch.baddbmm(new(2, N, M), new(2, N, K), new(2, K, M))),
    "mv": (N * K, lambda new: torch.mv(new(N, K), new(K))),
    "dot": (K, lambda new: torch.dot(new(K), new(K))),
    "vdot": (K, lambda new: torch.vdot(new(K), new(K))),
    "vecdot": (N * K, lambda new: torch.linalg.vecdot(new(N, K), new(N, K))),
    "linear": (N * K * M, lambda new: F.linear(new(N, K), new(M, K))),
    "bilinear": (N * M * (K + 1) * 2, lambda new: F.bilinear(new(N, K), new(N, 2), new(M, K, 2))),
    "einsum": (N * K * M, lambda new: torch.einsum("nk,km->nm", new(N, K), new(K, M))),
    "conv2d": (4 * 4 * 9 * K * M, lambda new: F.conv2d(new(1, K, 6, 6), new(M, K, 3, 3))),
    "conv2d of the same size": (
        36 * 9 * K * M,
        lambda new: F.conv2d(new(1, K, 6, 6), new(M, K, 3, 3), padding="same"),
    ),
    "conv_transpose1d": (6 * 3 * K * M, lambda new: F.conv_transpose1d(new(1, K, 6), new(K, M, 3))),
    "inverse": (N**3, lambda new: torch.linalg.inv(torch.eye(N, dtype=new(1).dtype))),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_complex_product_counts_four_real_ones(name):
    macs, function = PRODUCTS[name]
    for new, each in ((torch.zeros, 1), (numbers, 4)):
        report = profile(Calls(lambda _, new=new: function(new)))
        assert (report.macs, report.trace.is_partial) == (each * macs, False)
        assert [found.complex for found in report.trace.operations if found.cost.macs] == [each == 4]


@pytest.mark.parametrize("name", ["matmul", "conv2d", "einsum", "linear", "vdot"])
def test_gradients_of_complex_products_count_four_real_ones(name):
    macs, function = PRODUCTS[name]
    for dtype, each in ((torch.float32, 1), (torch.complex64, 4)):

        def new(*shape, dtype=dtype):
            return torch.zeros(shape, dtype=dtype, requires_grad=True)

        trace = Profiler(backward=True).profile(Calls(lambda _, new=new: function(new))).trace
        gradients = [trace.total(phase).macs for phase in ("gradient by input", "gradient by weight")]
        assert sum(gradients) == each * 2 * macs


def test_a_real_and_a_complex_call_on_the_same_shapes_stay_apart():
    module = Calls(lambda _: (torch.zeros(N, K) @ torch.zeros(K, M), numbers(N, K) @ numbers(K, M)))
    found = [(each.complex, each.cost.macs) for each in profile(module).trace.operations]
    assert found == [(False, N * K * M), (True, 4 * N * K * M)]


def test_transforms_count_real_operations_as_they_are():
    (total,) = operator_totals(profile(Calls(lambda _: torch.fft.fft(numbers(8)))).trace)
    assert (total.cost.macs, total.complex) == (5 * 4 * 3, False)


@torch.library.custom_op("convcost_tests::rotate", mutates_args=())
def rotate(x: torch.Tensor) -> torch.Tensor:
    return x.clone()


@rotate.register_fake
def _(x):
    return torch.empty_like(x)


def test_a_formula_of_the_users_says_real_macs_itself():
    formulas = {"convcost_tests::rotate": lambda x, **_: Cost(macs=3 * x.numel())}
    report = Profiler(formulas=formulas).profile(Calls(lambda _: rotate(numbers(N))))
    assert report.macs == 3 * N


def test_real_numbers_with_complex_results_are_real_products():
    report = profile(Calls(lambda _: torch.linalg.eig(torch.eye(N))))
    assert report.macs == 25 * N**3 // 2


def test_elementwise_work_on_complex_numbers_counts_one_for_each_element():
    assert profile(Calls(lambda _: numbers(N, K) * numbers(N, K))).elementwise == N * K
