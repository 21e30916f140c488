"""Matrix products of every form, all sizes different: the loops that each has, and what it adds."""

import pytest
import torch
from models import Calls

from convcost.core.cost import Cost
from convcost.operators import OPERATORS
from convcost.operators.interface import ShapeOperand
from convcost.tracing.profile import profile

B, N, K, M = 2, 3, 5, 7


def zeros(*shape):
    return torch.zeros(shape)


PRODUCTS = {
    "mm": (lambda: torch.mm(zeros(N, K), zeros(K, M)), Cost(N * K * M, N * K * M)),
    "matmul": (lambda: zeros(B, N, K) @ zeros(K, M), Cost(B * N * K * M, B * N * K * M)),
    "matmul broadcast": (
        lambda: torch.matmul(zeros(4, 1, N, K), zeros(B, K, M)),
        Cost(4 * B * N * K * M, 4 * B * N * K * M),
    ),
    "matmul by a vector": (lambda: zeros(N, K) @ zeros(K), Cost(N * K, N * K)),
    "vector by a matrix": (lambda: zeros(K) @ zeros(K, M), Cost(K * M, K * M)),
    "bmm": (lambda: torch.bmm(zeros(B, N, K), zeros(B, K, M)), Cost(B * N * K * M, B * N * K * M)),
    "mv": (lambda: torch.mv(zeros(N, K), zeros(K)), Cost(N * K, N * K)),
    "dot": (lambda: torch.dot(zeros(K), zeros(K)), Cost(K, K)),
    "addmm of a bias": (
        lambda: torch.addmm(zeros(M), zeros(N, K), zeros(K, M)),
        Cost(N * K * M, N * K * M, bias_adds=N * M),
    ),
    "addmm of a matrix": (
        lambda: torch.addmm(zeros(N, M), zeros(N, K), zeros(K, M)),
        Cost(N * K * M, N * K * M, elementwise=N * M),
    ),
    "baddbmm": (
        lambda: torch.baddbmm(zeros(B, N, M), zeros(B, N, K), zeros(B, K, M)),
        Cost(B * N * K * M, B * N * K * M, elementwise=B * N * M),
    ),
    "addbmm": (
        lambda: torch.addbmm(zeros(N, M), zeros(B, N, K), zeros(B, K, M)),
        Cost(B * N * K * M, B * N * K * M, elementwise=N * M),
    ),
    "addmv": (
        lambda: torch.addmv(zeros(N), zeros(N, K), zeros(K)),
        Cost(N * K, N * K, bias_adds=N),
    ),
    "linear": (
        lambda: torch.nn.functional.linear(zeros(B, N, K), zeros(M, K), zeros(M)),
        Cost(B * N * K * M, B * N * K * M, bias_adds=B * N * M),
    ),
    "bilinear": (
        lambda: torch.nn.functional.bilinear(zeros(B, N), zeros(B, K), zeros(M, N, K), zeros(M)),
        Cost(B * M * K * (N + 1), B * M * K * (N + 1), bias_adds=B * M),
    ),
    "einsum of two": (
        lambda: torch.einsum("bnk,bkm->bnm", zeros(B, N, K), zeros(B, K, M)),
        Cost(B * N * K * M, B * N * K * M),
    ),
    "einsum of three, from the left": (
        lambda: torch.einsum("nk,km,mb->nb", zeros(N, K), zeros(K, M), zeros(M, B)),
        Cost(N * K * M + N * M * B, N * K * M + N * M * B),
    ),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_costs_its_loops(name):
    function, expected = PRODUCTS[name]
    assert profile(Calls(lambda _: function())).cost == expected


def test_trilinear_as_bilinear_calls_it_costs_what_bilinear_does():
    operands = zeros(B, N), zeros(M, N, K), zeros(B, K)
    report = profile(Calls(lambda _: torch._trilinear(*operands, [1, 3], [0], [1, 2], [2, 3])))
    assert report.macs == B * M * K * (N + 1)


def test_any_other_trilinear_is_two_products_at_every_point():
    operands = zeros(B, N), zeros(N, K), zeros(B, K)
    report = profile(Calls(lambda _: torch._trilinear(*operands, [2], [0], [1], [1])))
    assert report.macs == 2 * B * N * K


def test_an_einsum_costs_the_loops_of_each_pair_from_the_left():
    chain = [ShapeOperand((N, K)), ShapeOperand((K, M)), ShapeOperand((M, B))]
    found = OPERATORS["einsum"].cost(equation="nk, km, mb -> nb", tensors=chain)
    assert found == Cost(N * K * M + N * M * B, N * K * M + N * M * B)


def test_an_einsum_without_an_arrow_keeps_what_is_there_once():
    tensors = [ShapeOperand((N, K)), ShapeOperand((K, M)), ShapeOperand((M, B))]
    assert OPERATORS["einsum"].cost(equation="nk,km,mb", tensors=tensors).macs == N * K * M + N * M * B


def test_an_ellipsis_of_an_einsum_is_all_the_dimensions_that_are_left():
    tensors = [ShapeOperand((4, B, N, K)), ShapeOperand((4, B, K, M))]
    found = OPERATORS["einsum"].cost(equation="...nk,...km->...nm", tensors=tensors)
    assert found.macs == 4 * B * N * K * M


@pytest.mark.parametrize("has_bias", [True, False])
def test_a_linear_operator_adds_a_bias_where_there_is_one(has_bias):
    bias = zeros(M) if has_bias else None
    report = profile(Calls(lambda _: torch.nn.functional.linear(zeros(B, N, K), zeros(M, K), bias)))
    assert report.bias_adds == (B * N * M if has_bias else 0)
