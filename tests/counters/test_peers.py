"""The counters that users quote, where they are installed: their figures, and that each is explained.

The figures are those that the tools were seen to give for the fifteen reference modules.
"""

import warnings

import pytest
import torch
from torch import nn
from tracing.models import REFERENCE, Calls

from convcost.core.diagnosis import DiagnosedReport
from convcost.counters import ALL_COUNTERS, is_installed
from convcost.counters.crosscheck import crosscheck_model
from convcost.counters.peers import PEERS
from convcost.counters.subprocess_runner import run_in_subprocess
from convcost.system.workers import can_fork
from convcost.tracing.profile import profile

pytestmark = pytest.mark.skipif(not can_fork(), reason="needs a system that can fork")

ORDER = (
    *("ptflops", "ptflops_aten", "ultralytics_thop", "torchinfo", "calflops", "torchprofile", "deepspeed"),
    *("fvcore", "flop_counter_mode", "torch_profiler"),
)

FIGURES = {
    "Conv1d": (40000, 40000, 38400, 40000, 38400, 38400, 38400, 38400, 38400, 0),
    "grouped Conv1d": (11200, 11200, 9600, 11200, 9600, 9600, 9600, 9600, 9600, 0),
    "depthwise Conv1d": (4800, 4800, 4000, 4800, 4000, 4000, 4000, 4000, 4000, 0),
    "strided, dilated Conv1d": (18400, 18400, 17664, 18400, 17664, 17664, 17664, 17664, 17664, 0),
    "ConvTranspose1d": (54432, 54432, 51200, 106656, 51200, 103424, 51200, 51200, 51200, 0),
    "grouped ConvTranspose1d": (16032, 16032, 12800, 29088, 3200, 103424, 12800, 12800, 12800, 0),
    "Linear": (42240, 42240, 40960, 4224, 40960, 40960, 40960, 40960, 40960, 40960),
    "Bilinear": (0, 0, 1080, 980, 0, 0, 0, 0, 0, 1090),
    "LSTM": (134400, 0, 133120, 128000, 0, 122880, 0, 0, 0, 64),
    "MultiheadAttention": (98720, 0, 97040, 0, 0, 0, 0, 0, 0, 94720),
    "scaled_dot_product_attention": (0, 0, 15360, 0, 0, 15360, 15360, 0, 0, 0),
    "einsum": (0, 7680, 7680, 0, 0, 7680, 0, 7680, 7680, 7680),
    "matrix product": (0, 40960, 40960, 4096, 0, 40960, 40960, 40960, 40960, 40960),
    "Embedding": (0, 0, 0, 6400, 0, 0, 0, 0, 0, 0),
    "Linear called twice": (8448, 8448, 8192, 8448, 8192, 8192, 8192, 8192, 8192, 8192),
}
"""MACs by tool, in the order above. torchinfo takes any parameter called weight for a layer's."""


def installed(name):
    if not is_installed(ALL_COUNTERS[name]):
        pytest.skip(f"{ALL_COUNTERS[name].package} is not installed")
    return ALL_COUNTERS[name]


def diagnosis(name, module, *args, **kwargs):
    report = profile(module, *args, **kwargs)
    found = DiagnosedReport(report, dict(crosscheck_model(module, args, kwargs, report, (installed(name),))))
    [heard] = found.diagnoses.values()
    if heard.macs is not None:
        assert sum(cause.flops for cause in heard.causes) == 2 * found.difference(heard)
    return heard


def causes(name, module, *args, **kwargs):
    return {
        (cause.kind, cause.subject): cause.flops for cause in diagnosis(name, module, *args, **kwargs).causes
    }


@pytest.mark.parametrize("name", ORDER)
@pytest.mark.parametrize("row", FIGURES)
def test_the_figures_are_those_the_tools_are_known_for(name, row):
    module, inputs, _ = REFERENCE[row]()
    with torch.no_grad():
        heard = diagnosis(name, module.eval(), *inputs)
    assert (heard.macs, heard.unexplained) == (FIGURES[row][ORDER.index(name)], 0)


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, groups=2)
        self.up = nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1, groups=4)
        self.average = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        x = self.pool(self.relu(self.norm(self.conv1(x))))
        x = nn.functional.silu(self.up(self.conv2(x)))
        return self.fc(self.average(x).flatten(1))


def encoder():
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


def functional(module, x):
    return nn.functional.linear(module.linear(x), module.weight, module.bias) * 2


def attended(module, x):
    query, key, value = module.project(x).chunk(3, -1)
    scores = (query @ key.transpose(-2, -1) * 0.1).softmax(-1)
    return nn.functional.scaled_dot_product_attention(scores @ value, key, value, is_causal=True)


def shared():
    linear = nn.Linear(8, 8)
    return nn.Sequential(nn.Sequential(linear, nn.ReLU()), nn.Sequential(linear))


MODELS = {
    "convolutional": (Convolutional, (2, 3, 16, 16)),
    "encoder": (encoder, (2, 10, 32)),
    "functional": (
        lambda: Calls(functional, linear=nn.Linear(8, 8), weight=nn.Parameter(torch.zeros(4, 8)), bias=None),
        (5, 8),
    ),
    "attention": (lambda: Calls(attended, project=nn.Linear(16, 48)), (2, 3, 7, 16)),
    "shared": (shared, (5, 8)),
    "LSTM": (lambda: nn.LSTM(8, 16, 2, bidirectional=True, bias=False), (5, 3, 8)),
    "projected LSTM": (lambda: nn.LSTM(8, 16, 2, bidirectional=True, proj_size=4), (5, 3, 8)),
    "GRU": (lambda: nn.GRU(8, 16, 2), (5, 3, 8)),
    "RNN": (lambda: nn.RNN(8, 16, 2), (5, 3, 8)),
    "LSTMCell": (lambda: nn.LSTMCell(8, 16), (5, 8)),
    "unbatched LSTM": (lambda: nn.LSTM(4, 5), (6, 4)),
    "unbatched Conv2d": (lambda: nn.Conv2d(3, 4, 3), (3, 8, 8)),
    "even padding": (lambda: nn.Conv1d(4, 4, 4, padding="same"), (2, 4, 10)),
    "einsum of three": (
        lambda: Calls(lambda _, x: torch.einsum("ij,jk,kl->il", x, x.T, x)),
        (5, 7),
    ),
    "matrix by vector": (lambda: Calls(lambda _, x: x @ x[0]), (5, 7)),
}


@pytest.mark.parametrize("name", ALL_COUNTERS)
@pytest.mark.parametrize(
    ("model", "mode", "gradients"),
    [
        *((model, "eval", True) for model in MODELS),
        *((model, "eval", False) for model in ("encoder", "attention", "LSTM")),
        *((model, "train", True) for model in ("convolutional", "encoder", "GRU")),
    ],
)
def test_every_difference_is_explained(model, mode, gradients, name):
    make, shape = MODELS[model]
    module = make().train(mode == "train")
    with torch.set_grad_enabled(gradients):
        assert diagnosis(name, module, torch.zeros(shape)).unexplained == 0


def test_attention_that_ptflops_counts_by_its_hook_and_by_patches_is_counted_again():
    module, inputs, _ = REFERENCE["MultiheadAttention"]()
    found = causes("ptflops", module.train(), *inputs)
    assert sum(flops for (kind, _), flops in found.items() if kind == "again") == 2 * 12800


def test_the_bias_adds_of_ptflops_are_told_from_the_rest():
    module = Convolutional().eval()
    assert causes("ptflops", module, torch.zeros(2, 3, 16, 16)) == {
        ("elementwise", "BatchNorm2d"): 2 * 2 * 2 * 8 * 16 * 16,
        ("elementwise", "ReLU"): 2 * 2 * 2 * 8 * 16 * 16,
        ("elementwise", "MaxPool2d"): 2 * 2 * 2 * 8 * 16 * 16,
        ("bias adds", "ConvTranspose2d"): 2 * 2 * 8 * 16 * 16,
        ("elementwise", "aten::silu"): 2 * 2 * 8 * 16 * 16,
        ("elementwise", "AdaptiveAvgPool2d"): 2 * 2 * 2 * 8 * 16 * 16,
        ("bias adds", "Conv2d"): 2 * 2 * 16 * 8 * 8,
        ("bias adds", "Linear"): 2 * 2 * 10,
    }


def test_torchinfo_is_seen_to_count_the_first_dimension_alone():
    assert causes("torchinfo", nn.Linear(32, 64), torch.zeros(2, 10, 32)) == {
        ("first dimension", "Linear"): 2 * (4096 - 40960),
        ("bias adds", "Linear"): 2 * 2 * 64,
    }


def test_torchprofile_is_seen_to_count_output_positions_and_no_groups():
    module = nn.ConvTranspose1d(8, 16, 4, stride=2, padding=1, output_padding=1, groups=4)
    assert causes("torchprofile", module, torch.zeros(2, 8, 50)) == {
        ("groups", "ConvTranspose1d"): 2 * (103424 - 25856),
        ("output positions", "ConvTranspose1d"): 2 * (25856 - 12800),
    }


def test_calflops_is_seen_to_divide_by_the_groups_twice():
    module = nn.ConvTranspose1d(8, 16, 4, groups=4)
    assert causes("calflops", module, torch.zeros(2, 8, 50)) == {("groups twice", "ConvTranspose1d"): -19200}


def test_calflops_is_seen_to_add_a_shared_layer_for_each_of_its_names():
    assert causes("calflops", shared(), torch.zeros(5, 8)) == {("names", "Linear"): 2 * 2 * 5 * 64}


def test_torchinfo_is_seen_to_count_tied_parameters_twice():
    module = nn.Sequential(nn.Embedding(32, 32), nn.Linear(32, 32))
    module[1].weight = module[0].weight
    heard = diagnosis("torchinfo", module, torch.zeros(2, 6, dtype=torch.int64))
    assert heard.remarks == ("counts 2,080 parameters instead of 1,056: tied ones once per name",)


@pytest.mark.parametrize("name", ["ptflops", "ptflops_aten", "calflops", "deepspeed"])
def test_a_tool_that_leaves_a_model_in_eval_mode_is_told_of(name):
    assert (
        "leaves the model in eval mode" in diagnosis(name, nn.Linear(3, 4).train(), torch.zeros(2, 3)).remarks
    )


def refusing(_, x):
    nn.functional.linear(x, x)
    raise ValueError("not today")


def test_calflops_leaves_functions_patched_when_a_forward_raises():
    installed("calflops")
    module = Calls(lambda _, x: nn.functional.linear(x, x))
    report = profile(module, torch.zeros(2, 2))
    module.function = refusing
    found = dict(crosscheck_model(module, (torch.zeros(2, 2),), {}, report, (ALL_COUNTERS["calflops"],)))[
        "calflops"
    ]
    assert found.result.reason == "it raised ValueError: not today"
    assert "leaves torch.nn.functional.conv1d" in found.remarks[-1]
    assert nn.functional.conv1d.__name__ == "conv1d"


def official(name, module, x):
    """The figure as a user of the tool gets it, with nothing of convcost around."""
    match name:
        case "ultralytics_thop":
            import thop

            return int(thop.profile(module, (x,), verbose=False)[0])
        case "torchinfo":
            import torchinfo

            return torchinfo.summary(module, input_data=x, verbose=0).total_mult_adds
        case "torchprofile":
            from torchprofile import profile_macs

            return profile_macs(module, x)
        case "deepspeed":
            from deepspeed.profiling.flops_profiler import get_model_profile

            return get_model_profile(module, args=[x], print_profile=False, as_string=False)[1]
        case "fvcore":
            from fvcore.nn import FlopCountAnalysis

            return FlopCountAnalysis(module, x).total()
        case "flop_counter_mode":
            from torch.utils.flop_counter import FlopCounterMode

            with FlopCounterMode(display=False) as counter:
                module(x)
            return counter.get_total_flops()
        case _:
            from ptflops import get_model_complexity_info

            backend = "aten" if name == "ptflops_aten" else "pytorch"
            options = {"as_strings": False, "print_per_layer_stat": False, "backend": backend}
            return get_model_complexity_info(module, tuple(x.shape[1:]), **options)[0]


OFFICIAL = [name for name in ORDER if name not in {"calflops", "torch_profiler"}]


@pytest.mark.parametrize("name", OFFICIAL)
@pytest.mark.parametrize("model", ["convolutional", "encoder", "attention", "shared"])
def test_watching_a_tool_does_not_change_its_figure(model, name):
    counter = installed(name)
    make, (_, *shape) = MODELS[model]
    module, x = make().eval(), torch.zeros(1, *shape)

    def work():
        with torch.no_grad(), warnings.catch_warnings(action="ignore"):
            return official(name, module, x)

    def watched():
        with torch.no_grad(), warnings.catch_warnings(action="ignore"):
            return counter.read(module, (x,), {}).total

    assert run_in_subprocess(watched, 60) == run_in_subprocess(work, 60)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_each_peer_says_what_it_counts_and_how_to_get_it(peer):
    assert peer.counts
    assert peer.blind_spots
    assert peer.install.startswith("pip install ")
