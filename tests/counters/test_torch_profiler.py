"""The profiler beneath torch.profiler counts what torch.profiler counts."""

import warnings

import pytest
from counter_runs import BILINEAR, CONV, DENSE, NORMED, TRANSPOSED, counter_reading

from convcost.spec import parse
from convcost.tracing.network_module import build_network


@pytest.mark.parametrize(
    "spec", [DENSE, CONV, NORMED, TRANSPOSED, BILINEAR, "[2, 3, 8, 8] -> Conv2d(3, 6, 3, stride=2)"]
)
def test_the_recorder_gives_the_flops_of_the_whole_profiler(spec):
    import torch

    module, (example,) = build_network(parse(spec).network({}), "cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.no_grad(), torch.profiler.profile(with_flops=True) as profiler:
            module(example)
        counted = {event.key: event.flops for event in profiler.key_averages() if event.flops}
    ours = counter_reading("torch_profiler", spec)
    assert {**ours.contractions, **ours.others} == counted


def test_standard_error_is_whole_again_after_a_reading(capfd):
    import sys

    counter_reading("torch_profiler", DENSE)
    sys.stderr.write("still here\n")
    assert capfd.readouterr().err == "still here\n"


def test_no_file_descriptor_is_left_open_by_a_reading():
    from pathlib import Path

    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("needs /proc")
    counter_reading("torch_profiler", DENSE)
    before = len(list(folder.iterdir()))
    counter_reading("torch_profiler", DENSE)
    assert len(list(folder.iterdir())) == before
