"""Products of groups, of positions that data shifts, and of grids; and products in any other spelling."""

import contextlib

import pytest
import torch
import torch.nn.functional as F
from models import Calls

from convcost.core.cost import Cost
from convcost.operators import OPERATORS
from convcost.operators.interface import ShapeOperand
from convcost.tracing.profile import Profiler, profile

G, M, K, N = 4, 16, 32, 48

with contextlib.suppress(ImportError):  # which has the operator, and can't be imported after another has it
    import torchvision  # noqa: F401

LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
if not hasattr(torch.ops.torchvision, "deform_conv2d"):
    LIBRARY.define(
        "deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, "
        "int stride_h, int stride_w, int pad_h, int pad_w, int dilation_h, int dilation_w, "
        "int groups, int offset_groups, bool use_mask) -> Tensor"
    )

    @torch.library.impl(LIBRARY, "deform_conv2d", "Meta")
    def deform(input, weight, offset, *_):  # noqa: A002
        return input.new_empty(input.shape[0], weight.shape[0], *offset.shape[2:])


def halves(*shape):
    return torch.zeros(shape, dtype=torch.bfloat16, device="meta", requires_grad=True)


def ends(*places):
    return torch.tensor(places, dtype=torch.int32)


GROUPED = {
    "rows in groups": (halves(M, K), halves(G, K, N), ends(3, 5, 9, 16), M * K * N),
    "columns in groups": (halves(G, M, K), halves(K, N), ends(8, 24, 40, 48), M * K * N),
    "terms in groups": (halves(M, K), halves(K, N), ends(8, 16, 24, 32), M * K * N),
    "batches": (halves(G, M, K), halves(G, K, N), None, G * M * K * N),
}


@pytest.mark.parametrize("name", GROUPED)
def test_a_grouped_product_multiplies_each_row_by_the_matrix_of_its_group(name):
    left, right, offsets, macs = GROUPED[name]
    report = profile(Calls(lambda _, left, right: F.grouped_mm(left, right, offs=offsets)), left, right)
    assert (report.macs, report.trace.is_partial) == (macs, False)


@pytest.mark.parametrize("name", GROUPED)
def test_a_grouped_product_has_two_gradients(name):
    left, right, offsets, macs = GROUPED[name]
    module = Calls(lambda _, left, right: torch._grouped_mm(left, right, offs=offsets))
    trace = Profiler(backward=True).profile(module, left, right).trace
    assert (trace.total("gradient by input").macs, trace.is_partial) == (2 * macs, False)


def test_the_product_of_experts_without_grouped_mm_counts_each_row():
    pytest.importorskip("transformers.integrations.moe")
    left, right = torch.zeros(M, K), torch.zeros(G, K, N)
    module = Calls(lambda _, *inputs: torch.ops.transformers.grouped_mm_fallback(*inputs))
    report = profile(module, left, right, ends(3, 5, 9, 16))
    assert (report.macs, report.trace.is_partial) == (M * K * N, False)


def test_a_scaled_grouped_product_counts_as_a_plain_one():
    cost = OPERATORS["_scaled_grouped_mm"].cost(
        self=ShapeOperand((M, K)),
        mat2=ShapeOperand((G, K, N)),
        output=ShapeOperand((M, N)),
        bias=ShapeOperand((N,)),
    )
    assert (cost.macs, cost.bias_adds) == (M * K * N, M * N)


@pytest.mark.parametrize("use_mask", [False, True])
def test_a_deformable_convolution_reads_between_positions(use_mask):
    """On 6 x 6 without padding: 4 x 4 positions, 9 taps of 4 / 2 channels for each of 8 outputs."""
    new = lambda *shape: torch.empty(shape, device="meta")  # noqa: E731
    operands = new(1, 4, 6, 6), new(8, 2, 3, 3), new(1, 18, 4, 4), new(1, 9, 4, 4), new(8)
    module = Calls(
        lambda _, *operands: torch.ops.torchvision.deform_conv2d(*operands, 1, 1, 0, 0, 1, 1, 2, 1, use_mask)
    )
    macs, taps = 16 * 8 * 2 * 9, 16 * 4 * 9
    report = profile(module, *operands)
    assert report.cost == Cost(macs, macs, 16 * 8, (7 + use_mask) * taps)
    assert not report.trace.is_partial


def test_the_gradients_of_a_deformable_convolution_are_two_products():
    found = OPERATORS["torchvision::_deform_conv2d_backward"].cost(
        grad=ShapeOperand((1, 8, 4, 4)), input=ShapeOperand((1, 4, 6, 6)), weight=ShapeOperand((8, 2, 3, 3))
    )
    assert found.macs == 2 * 16 * 8 * 2 * 9


def test_a_convolution_with_its_steps_first_is_a_conv1d():
    operands = torch.zeros(9, 2, 3), torch.zeros(3, 3, 5), torch.zeros(5)
    report = profile(Calls(lambda _: torch.conv_tbc(*operands, 1)))
    assert report.cost == Cost(9 * 2 * 3 * 3 * 5, (9 * 3 - 2) * 2 * 3 * 5, 9 * 2 * 5)


def test_a_convolution_with_its_steps_first_has_the_gradients_of_a_conv1d():
    operands = [torch.zeros(shape, requires_grad=True) for shape in ((9, 2, 3), (3, 3, 5), (5,))]
    trace = Profiler(backward=True).profile(Calls(lambda _, *x: torch.conv_tbc(*x, 1)), *operands).trace
    assert trace.total("gradient by input").macs + trace.total("gradient by weight").macs == 2 * 9 * 2 * 45


@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 3, 4, 5, 6)])
def test_a_grid_is_each_position_by_the_matrix_of_its_sample(size):
    rank = len(size) - 2
    theta = torch.zeros(size[0], rank, rank + 1)
    positions = torch.Size(size).numel() // size[1]
    report = profile(Calls(lambda _, theta: F.affine_grid(theta, size, align_corners=False)), theta)
    assert (report.macs, report.trace.is_partial) == (positions * rank * (rank + 1), False)


def zeros(*shape):
    return torch.zeros(shape)


CHAIN = zeros(3, 5), zeros(5, 7), zeros(7, 2)

SPELLINGS = {
    "multi_dot": (100, lambda: torch.linalg.multi_dot(CHAIN)),
    "multi_dot into": (100, lambda: torch.linalg.multi_dot(CHAIN, out=torch.empty(3, 2))),
    "chain_matmul": (100, lambda: torch.chain_matmul(*CHAIN)),
    "tensordot": (3 * 35 * 2, lambda: torch.tensordot(zeros(3, 5, 7), zeros(5, 7, 2), 2)),
    "inner": (3 * 5 * 7, lambda: torch.inner(zeros(3, 5), zeros(7, 5))),
    "inner, a method": (3 * 5 * 7, lambda: zeros(3, 5).inner(zeros(7, 5))),
    "inner into": (3 * 5 * 7, lambda: torch.inner(zeros(3, 5), zeros(7, 5), out=torch.empty(3, 7))),
    "inner of vectors": (5, lambda: torch.inner(zeros(5), zeros(5))),
    "vdot": (5, lambda: torch.vdot(zeros(5), zeros(5))),
    "vdot, a method": (5, lambda: zeros(5).vdot(zeros(5))),
    "dot into": (5, lambda: torch.dot(zeros(5), zeros(5), out=torch.empty(()))),
    "vecdot": (3 * 5, lambda: torch.linalg.vecdot(zeros(3, 5), zeros(3, 5))),
    "vecdot along": (3 * 5, lambda: torch.linalg.vecdot(zeros(5, 3), zeros(5, 1), dim=0)),
    "vecdot into": (3 * 5, lambda: torch.linalg.vecdot(zeros(3, 5), zeros(5), out=torch.empty(3))),
    "mm into": (3 * 5 * 7, lambda: torch.mm(zeros(3, 5), zeros(5, 7), out=torch.empty(3, 7))),
    "matmul, an operator": (3 * 5 * 7, lambda: torch.ops.aten.matmul(zeros(3, 5), zeros(5, 7))),
    "matmul of linalg": (3 * 5 * 7, lambda: torch.linalg.matmul(zeros(3, 5), zeros(5, 7))),
    "rmatmul": (3 * 5 * 7, lambda: zeros(5, 7).__rmatmul__(zeros(3, 5))),
    "matrix_power": (3 * 64, lambda: torch.linalg.matrix_power(zeros(4, 4), 5)),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_product_costs_the_same_in_each_spelling(name):
    macs, function = SPELLINGS[name]
    report = profile(Calls(lambda _: function()))
    assert (report.macs, report.elementwise, report.trace.is_partial) == (macs, 0, False)


PRODUCTS_OF_PAIRS = {
    "outer": (21, lambda: torch.outer(zeros(3), zeros(7))),
    "outer, a method": (21, lambda: zeros(3).outer(zeros(7))),
    "ger": (21, lambda: torch.ger(zeros(3), zeros(7))),
    "kron": (3 * 5 * 7 * 2, lambda: torch.kron(zeros(3, 5), zeros(7, 2))),
    "inner of a number": (15, lambda: torch.inner(zeros(3, 5), torch.tensor(2.0))),
}


@pytest.mark.parametrize("name", PRODUCTS_OF_PAIRS)
def test_products_that_sum_nothing_are_elementwise_work(name):
    elements, function = PRODUCTS_OF_PAIRS[name]
    report = profile(Calls(lambda _: function()))
    assert (report.macs, report.elementwise, report.trace.is_partial) == (0, elements, False)


@pytest.mark.parametrize("name", ["mm", "addmm", "bmm", "baddbmm"])
def test_a_product_may_have_an_output_of_another_dtype(name):
    new = lambda *shape: torch.empty(shape, dtype=torch.float16, device="meta")  # noqa: E731
    batch = (2,) if "bmm" in name else ()
    added = [new(*batch, 4, 5)] if name.startswith(("add", "badd")) else []
    operands = *added, new(*batch, 4, 8), new(*batch, 8, 5)
    module = Calls(lambda _, *x: getattr(torch, name)(*x, out_dtype=torch.float32))
    report = profile(module, *operands)
    (output,) = report.trace.outputs
    assert (report.macs, output.dtype, output.shape) == (320 if batch else 160, "float32", (*batch, 4, 5))
