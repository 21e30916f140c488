"""The blocks of examples/designs.txt against the same modules written in torch."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import convcost
from convcost.core.cost import FLOPS_PER_MAC
from convcost.spec.design_file import read_design_file

FILE = Path(__file__).parents[1] / "examples" / "designs.txt"
SIZES = {"B": 2, "C": 16, "H": 8, "W": 6, "E": 32, "T": 12, "R": 16}


def conv_norm(channels, out, kernel, activation=nn.Identity, **arguments):
    conv = nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False, **arguments)
    return nn.Sequential(conv, nn.BatchNorm2d(out), activation())


class Residual(nn.Module):
    def __init__(self, body, after=None):
        super().__init__()
        self.body, self.after = body, after or nn.Identity()

    def forward(self, x):
        return self.after(x + self.body(x))


def bottleneck(width=16):
    reduce = conv_norm(4 * width, width, 1, nn.ReLU)
    spatial = conv_norm(width, width, 3, nn.ReLU)
    return Residual(nn.Sequential(reduce, spatial, conv_norm(width, 4 * width, 1)), nn.ReLU())


def inverted_residual(width=16):
    expand = conv_norm(width, 6 * width, 1, nn.ReLU6)
    depthwise = conv_norm(6 * width, 6 * width, 3, nn.ReLU6, groups=6 * width)
    return Residual(nn.Sequential(expand, depthwise, conv_norm(6 * width, width, 1)))


class SqueezeExcitation(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(width, width // 16, 1), nn.Conv2d(width // 16, width, 1)

    def forward(self, x):
        scale = nn.functional.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.expand(torch.relu(self.reduce(scale))))


class Inception(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.one = conv_norm(width, 64, 1, nn.ReLU)
        self.five = nn.Sequential(conv_norm(width, 48, 1, nn.ReLU), conv_norm(48, 64, 5, nn.ReLU))
        threes = conv_norm(64, 96, 3, nn.ReLU), conv_norm(96, 96, 3, nn.ReLU)
        self.three = nn.Sequential(conv_norm(width, 64, 1, nn.ReLU), *threes)
        self.pool = nn.Sequential(nn.AvgPool2d(3, 1, 1), conv_norm(width, 32, 1, nn.ReLU))

    def forward(self, x):
        return torch.cat([self.one(x), self.five(x), self.three(x), self.pool(x)], dim=1)


class Transformer(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = nn.MultiheadAttention(width, 8, batch_first=True)
        self.feed_forward = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        y = self.norms[0](x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.feed_forward(self.norms[1](x))


class ConvNeXt(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm, self.activation = nn.LayerNorm(width), nn.GELU()
        self.expand, self.reduce = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + self.reduce(self.activation(self.expand(y))).permute(0, 3, 1, 2)


class WaveNet(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.filter = nn.Conv1d(width, width, 3, padding=4, dilation=4)
        self.gate = nn.Conv1d(width, width, 3, padding=4, dilation=4)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, x):
        return x + self.mix(torch.tanh(self.filter(x)) * torch.sigmoid(self.gate(x)))


class UNet(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.down, self.bottom, self.up = (
            nn.Sequential(conv_norm(channels, out, 3, nn.ReLU), conv_norm(out, out, 3, nn.ReLU))
            for channels, out in ((width, width), (width, 2 * width), (2 * width, width))
        )
        self.upsample = nn.ConvTranspose2d(2 * width, width, 2, stride=2)

    def forward(self, x):
        x = self.down(x)
        y = self.upsample(self.bottom(nn.functional.max_pool2d(x, 2)))
        return self.up(torch.cat([x, y], dim=1))


MODULES = {
    "bottleneck": bottleneck,
    "inverted_residual": inverted_residual,
    "squeeze_excitation": SqueezeExcitation,
    "inception": Inception,
    "transformer": Transformer,
    "convnext": ConvNeXt,
    "wavenet": WaveNet,
    "unet": UNet,
}


def designs() -> dict[str, str]:
    """Each design of the file with the definitions that it uses, by its name."""
    file = read_design_file(str(FILE))
    parsed = (convcost.parse(file.complete(text)) for text in file.designs)
    return {design.name: design.source for design in parsed}


def sized(text: str) -> convcost.Report:
    names = convcost.parse(text).names
    return convcost.cost(text, **{name: SIZES[name] for name in names})


def test_each_block_has_its_module():
    assert designs().keys() == MODULES.keys()


@pytest.mark.parametrize("name", MODULES)
def test_a_block_costs_what_its_module_does(name):
    report = sized(designs()[name])
    with torch.device("meta"):
        module, example = MODULES[name]().eval(), torch.zeros(report.input)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = module(example)
    traced = convcost.profile(module, example)
    assert report.output == tuple(output.shape)
    assert report.params == sum(parameter.numel() for parameter in module.parameters())
    assert report.macs * FLOPS_PER_MAC == counter.get_total_flops()
    assert report.cost == traced.cost


@pytest.mark.parametrize("name", MODULES)
def test_the_formulas_of_a_block_come_to_its_numbers(name):
    text = designs()[name]
    opened = convcost.cost(text)
    report = opened.subs(**{size: SIZES[size] for size in opened.open_names})
    assert (report.cost, report.params, report.bytes) == (
        sized(text).cost,
        sized(text).params,
        sized(text).bytes,
    )
