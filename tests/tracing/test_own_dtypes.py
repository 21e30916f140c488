"""Bytes of a module: each tensor at the size of its own dtype, worked out by hand beside each."""

import pytest
import torch
from torch import nn

from convcost import compare, profile
from convcost.analysis.roofline import roofline
from convcost.tracing.profile import Profiler
from convcost.tracing.tensors import bytes_of


class Float8Linear(nn.Linear):
    """A weight of one byte an element, a bias and outputs of two."""

    def __init__(self):
        super().__init__(32, 64, dtype=torch.bfloat16)
        weight = torch.zeros(64, 32).to(torch.float8_e4m3fn)
        self.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, x):
        one = torch.ones((), device=x.device)
        narrow = x.to(torch.float8_e4m3fn)
        y = torch._scaled_mm(narrow, self.weight.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16)
        return y + self.bias


FLOAT8_BYTES = 4 * 32 * 2 + (64 * 32 * 1 + 64 * 2) + 4 * 64 * 2


class Int8Linear(nn.Module):
    """A weight of integers and its scales, as weight-only quantization stores them."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(6, 8, dtype=torch.int8), requires_grad=False)
        self.scale = nn.Parameter(torch.zeros(6, dtype=torch.float16), requires_grad=False)

    def forward(self, x):
        return nn.functional.linear(x, self.weight.to(x.dtype)) * self.scale


class Complex(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 16, dtype=torch.complex64))

    def forward(self, x):
        return (x @ self.weight).abs()


class Masked(nn.Module):
    """Indices of four bytes, a mask of one, a table of eight, a layer of two."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 8, dtype=torch.float64)
        self.linear = nn.Linear(8, 4, dtype=torch.bfloat16)
        self.register_buffer("offset", torch.zeros(4))

    def forward(self, indices, mask):
        return self.linear(self.table(indices).bfloat16()).masked_fill(mask, 0) + self.offset, indices


CASES = {
    "float8": (Float8Linear, lambda: (torch.zeros(4, 32, dtype=torch.bfloat16),), FLOAT8_BYTES),
    "int8": (
        Int8Linear,
        lambda: (torch.zeros(2, 8, dtype=torch.float16),),
        2 * 8 * 2 + 48 + 6 * 2 + 2 * 6 * 2,
    ),
    "complex": (Complex, lambda: (torch.zeros(2, 8, dtype=torch.complex64),), (16 + 128) * 8 + 2 * 16 * 4),
    "several": (
        Masked,
        lambda: (torch.zeros(3, dtype=torch.int32), torch.zeros(3, 1, dtype=torch.bool)),
        3 * 4 + 3 * 1 + (80 * 8 + 36 * 2) + (3 * 4 * 4 + 3 * 4),
    ),
    "bool out": (lambda: nn.Sequential(Comparison()), lambda: (torch.zeros(5),), 5 * 4 + 5 * 1),
}


class Comparison(nn.Module):
    def forward(self, x):
        return x > 0


@pytest.mark.parametrize("name", CASES)
def test_bytes_are_those_of_each_tensor_s_own_dtype(name):
    make, inputs, expected = CASES[name]
    report = profile(make(), *inputs())
    assert report.bytes == expected
    assert report.arithmetic_intensity * expected == report.flops


def test_the_sum_of_two_modules_keeps_their_dtypes():
    report = profile(Float8Linear(), torch.zeros(4, 32, dtype=torch.bfloat16))
    assert (report + report).bytes == FLOAT8_BYTES + 64 * 32 + 64 * 2


def test_a_submodule_s_bytes_are_in_its_own_dtypes():
    report = profile(Masked(), torch.zeros(3, dtype=torch.int32), torch.zeros(3, 1, dtype=torch.bool))
    rows = {row.path: row.bytes(4) for row in report.rows}
    assert rows["linear"] == 3 * 8 * 2 + 36 * 2 + 3 * 4 * 2
    assert rows["table"] == 3 * 4 + 80 * 8 + 3 * 8 * 8


def test_a_device_s_least_time_moves_each_operand_in_its_own_dtype():
    report = profile(Float8Linear(), torch.zeros(4, 32, dtype=torch.bfloat16))
    moved = {bound.workload.label: bound.workload.bytes for bound in roofline(report, "h100").bounds}
    product = 4 * 32 + 64 * 32 + 4 + 4 + 4 * 64 * 2
    assert moved == {"_scaled_mm": product, "add": 4 * 64 * 2 + 64 * 2 + 4 * 64 * 2}


def test_a_dtype_that_is_asked_for_is_that_of_floats_alone():
    report = profile(Masked(), torch.zeros(3, dtype=torch.int32), torch.zeros(3, 1, dtype=torch.bool))
    moved = {
        bound.workload.label: bound.workload.bytes for bound in roofline(report, "h100", "float32").bounds
    }
    assert moved["linear"] == (3 * 8 + 36 + 3 * 4) * 4
    complex_moved = roofline(
        profile(Complex(), torch.zeros(2, 8, dtype=torch.complex64)), "h100", "bf16"
    ).bounds
    assert complex_moved[0].workload.bytes == (16 + 128 + 32) * 8


def test_memory_holds_each_parameter_in_its_own_dtype():
    report = Profiler(footprint="").profile(Float8Linear(), torch.zeros(4, 32, dtype=torch.bfloat16))
    assert report.trace.held.parameters == 64 * 32 + 64 * 2


def test_operands_of_several_dtypes_at_one_place_are_told_apart():
    class Twice(nn.Module):
        def forward(self, x):
            return (x @ x).sum() + (x.double() @ x.double()).sum()

    products = [found for found in profile(Twice(), torch.zeros(3, 3)).trace.operations if found.cost.macs]
    assert [found.bytes(4) for found in products] == [27 * 4, 27 * 8]


def test_a_model_of_one_dtype_is_labelled_with_it_and_one_of_several_is_not():
    wide = profile(nn.Linear(4, 4), torch.zeros(2, 4))
    mixed = profile(Float8Linear(), torch.zeros(4, 32, dtype=torch.bfloat16))
    assert (wide.has_own_dtypes, mixed.has_own_dtypes) == (False, True)
    assert "bytes (float32)" in str(compare(wide, wide))
    assert "bytes (own dtypes)" in str(compare(mixed, mixed))


@pytest.mark.filterwarnings("ignore")
def test_two_elements_of_four_bits_share_a_byte():
    scales, zeros = torch.ones(4), torch.zeros(4)
    packed = torch.quantize_per_channel(torch.zeros(4, 6), scales, zeros, 0, torch.quint4x2)
    assert bytes_of([packed]) == packed.untyped_storage().nbytes() == 12
