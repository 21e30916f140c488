"""Decompositions and solves: half of the published FLOPs are MACs, marked as estimated, none is missing."""

import pytest
import torch
from models import Calls

from convcost.tracing.profile import Profiler, profile

pytestmark = pytest.mark.filterwarnings("ignore")

N, M, R = 12, 18, 2

SQUARE = torch.eye(N)
TALL = torch.eye(M, N)
RIGHT = torch.ones(N, R)

L = torch.linalg

FLOPS = {
    "cholesky": (N**3 / 3, L.cholesky),
    "cholesky_solve": (2 * N**2 * R, lambda a: torch.cholesky_solve(RIGHT, a)),
    "cholesky_inverse": (2 * N**3 / 3, torch.cholesky_inverse),
    "ldl": (N**3 / 3, L.ldl_factor),
    "ldl_solve": (N**3 / 3 + 2 * N**2 * R, lambda a: L.ldl_solve(*L.ldl_factor(a), RIGHT)),
    "lu": (2 * N**3 / 3, L.lu),
    "lu_factor": (2 * N**3 / 3, L.lu_factor),
    "lu_solve": (2 * N**3 / 3 + 2 * N**2 * R, lambda a: L.lu_solve(*L.lu_factor(a), RIGHT)),
    "solve": (2 * N**3 / 3 + 2 * N**2 * R, lambda a: L.solve(a, RIGHT)),
    "solve by a vector": (2 * N**3 / 3 + 2 * N**2, lambda a: L.solve(a, RIGHT[:, 0])),
    "solve_triangular": (N**2 * R, lambda a: L.solve_triangular(a, RIGHT, upper=True)),
    "triangular_solve": (N**2 * R, lambda a: torch.triangular_solve(RIGHT, a)),
    "inv": (2 * N**3, L.inv),
    "inverse, a method": (2 * N**3, lambda a: a.inverse()),
    "det": (2 * N**3 / 3, L.det),
    "slogdet": (2 * N**3 / 3, L.slogdet),
    "logdet": (2 * N**3 / 3, lambda a: a.logdet()),
    "eigh": (9 * N**3, L.eigh),
    "eig": (25 * N**3, L.eig),
    "matrix_exp": (10 * N**3, L.matrix_exp),
}

TALL_FLOPS = {
    "lu": (M * N**2 - N**3 / 3, L.lu),
    "geqrf": (2 * M * N**2 - 2 * N**3 / 3, torch.geqrf),
    "qr for r": (2 * M * N**2 - 2 * N**3 / 3, lambda a: L.qr(a, mode="r")),
    "qr": (2 * (2 * M * N**2 - 2 * N**3 / 3), L.qr),
    "qr with all columns": (
        2 * M * N**2 - 2 * N**3 / 3 + 4 * M * M * N - 4 * M * N**2 + 4 * N**3 / 3,
        lambda a: L.qr(a, mode="complete"),
    ),
    "svd": (14 * M * N**2 + 8 * N**3, lambda a: L.svd(a, full_matrices=False)),
    "svd with all columns": (4 * M**2 * N + 8 * M * N**2 + 9 * N**3, L.svd),
    "pinv": (16 * M * N**2 + 8 * N**3, L.pinv),
    "householder_product": (
        2 * (2 * M * N**2 - 2 * N**3 / 3),
        lambda a: L.householder_product(*torch.geqrf(a)),
    ),
    "ormqr": (
        2 * M * N**2 - 2 * N**3 / 3 + 4 * M * N * R - 2 * N**2 * R,
        lambda a: torch.ormqr(*torch.geqrf(a), torch.ones(M, R)),
    ),
    "lstsq": (
        2 * M * N**2 - 2 * N**3 / 3 + R * (4 * M * N - 2 * N**2 + N**2),
        lambda a: L.lstsq(a, torch.ones(M, R)),
    ),
}


@pytest.mark.parametrize(
    ("matrix", "flops", "function"),
    [
        *(pytest.param(SQUARE, *found, id=name) for name, found in FLOPS.items()),
        *(pytest.param(TALL, *found, id=f"{name} of a tall one") for name, found in TALL_FLOPS.items()),
    ],
)
def test_a_decomposition_costs_half_its_published_flops(matrix, flops, function):
    report = profile(Calls(lambda _, a: function(a)), matrix)
    assert report.macs == flops / 2
    assert not report.trace.is_partial
    assert all(found.estimated for found in report.trace.operations if found.cost.macs)


def test_a_batch_costs_each_of_its_matrices():
    batch = SQUARE.expand(2, 3, N, N).contiguous()
    assert profile(Calls(lambda _, a: L.inv(a)), batch).macs == 6 * N**3


@pytest.mark.parametrize("name", ["cholesky", "lu", "solve", "inv", "det", "slogdet", "eigh", "matrix_exp"])
def test_what_a_backward_runs_is_counted(name):
    function = FLOPS[name][1]
    module = Calls(lambda _, a: function(a), a=None)
    trace = Profiler(backward=True).profile(module, SQUARE.clone().requires_grad_()).trace
    assert trace.total("gradient by input").macs > 0
    assert not trace.is_partial


def test_the_gradient_of_an_inverse_is_two_products():
    module = Calls(lambda _, a: L.inv(a))
    trace = Profiler(backward=True).profile(module, SQUARE.clone().requires_grad_()).trace
    assert trace.total("gradient by input").macs == 2 * N**3
