"""The figures of the devices that come with convcost, against arithmetic from elsewhere."""

import pytest
from hardware import BUSES, CORES, OWN, SPARSE

from convcost.devices.catalogue import catalogue, device_named

DEVICES = catalogue().devices
ACCELERATORS = [device for device in DEVICES if device.kind != "cpu"]
GEFORCE = [device.name for device in DEVICES if "GeForce" in device.title]
WITHIN = 0.01


def close(found, expected, within=WITHIN):
    return abs(found / expected - 1) <= within


@pytest.mark.parametrize("name", CORES)
def test_a_peak_is_cores_times_clock_times_flops_a_cycle(name):
    dtype, cores, clock, flops = CORES[name]
    assert close(device_named(name).peak(dtype), cores * clock * 1e9 * flops)


@pytest.mark.parametrize("name", OWN)
def test_float32_and_float64_are_of_the_units_that_compute_in_them(name):
    flops, units, clock = OWN[name]
    for dtype, each in flops.items():
        assert close(device_named(name).peak(dtype), units * clock * 1e9 * each), dtype


@pytest.mark.parametrize("name", BUSES)
def test_a_bandwidth_is_the_width_of_the_bus_times_its_rate(name):
    bits, rate = BUSES[name]
    assert close(device_named(name).bandwidth, bits / 8 * rate * 1e9)


@pytest.mark.parametrize("name", SPARSE)
def test_a_peak_is_the_dense_one_half_of_the_sparse_one(name):
    for dtype, sparse in SPARSE[name].items():
        assert close(device_named(name).peak(dtype), sparse * 1e12 / 2, within=0.03), dtype


DOUBLING = {
    ("tfloat32", "float16"): 2,
    ("bfloat16", "float16"): 1,
    ("float16", "float8"): 2,
    ("float8", "float4"): 2,
    ("float16", "int8"): 2,
    ("bfloat16", "int8"): 2,
    ("bfloat16", "float8"): 2,
}
"""By how much the second is faster than the first, on matrix units."""

EXCEPTIONS = {
    # GeForce cards accumulate in float32 at half the rate; int8 and float4 do not.
    **{(name, slow, "int8"): 4 for name in GEFORCE for slow in ("bfloat16", "float16")},
    **{(name, "float8", "float4"): 4 for name in GEFORCE},
    # AMD's matrix cores: int8 as fast as float16 up to the MI250X; the MI100's bfloat16 is half.
    **{(name, slow, "int8"): 1 for name in ("mi210", "mi250", "mi250x") for slow in ("bfloat16", "float16")},
    ("mi100", "float16", "int8"): 1,
    ("mi100", "bfloat16", "float16"): 2,
    # Amazon's have one rate for TF32 and 16 bits, and for 8 bits and 4.
    **{(name, "tfloat32", "float16"): 1 for name in ("trainium", "trainium2", "trainium3")},
    **{("trainium3", slow, "float8"): 3.75 for slow in ("bfloat16", "float16")},
    ("trainium3", "float8", "float4"): 1,
    # Google's fourth and Intel's third have one rate for 16 bits and 8.
    ("tpu-v4", "bfloat16", "int8"): 1,
    ("gaudi3", "bfloat16", "float8"): 1,
}


@pytest.mark.parametrize("pair", DOUBLING, ids=" to ".join)
@pytest.mark.parametrize("device", ACCELERATORS, ids=lambda device: device.name)
def test_halving_the_bits_doubles_the_peak(device, pair):
    slow, fast = pair
    if {slow, fast} <= device.peaks.keys():
        factor = EXCEPTIONS.get((device.name, *pair), DOUBLING[pair])
        assert close(device.peaks[fast], factor * device.peaks[slow], within=0.03)


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_figures_are_of_a_plausible_size(device):
    assert 10 * 10**9 < device.bandwidth <= 10 * 10**12
    assert device.memory is None or 4 * 10**9 <= device.memory <= 512 * 10**9
    assert all(10**10 < peak <= 11 * 10**15 for peak in device.peaks.values())
    assert 1 < device.ridge(device.default_dtype) < 600
    assert device.year is not None
    assert 2016 <= device.year <= 2026
