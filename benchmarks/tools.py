"""MACs that FLOP counters report for small modules with hand-derived counts, as a Markdown table.

Each tool is called as its documentation says, on the CPU, on a fresh module. FLOPs are halved to MACs.
`pip install 'convcost[peers]' transformers` installs the tools; missing tools are left out.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from datetime import date
from importlib import metadata
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

import convcost

Count = Callable[[nn.Module, tuple[Tensor, ...]], float]


class Model(nn.Module):
    """A model of one layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Any:
        return self.layer(x)


class Attention(nn.Module):
    """Four heads of eight features."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(x, x, x)


class Product(nn.Module):
    """A product with a parameter that belongs to no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(32, 64))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight


class Case(NamedTuple):
    """A module, its input and its MACs by hand."""

    label: str
    module: Callable[[], nn.Module]
    input: tuple[int, ...]
    macs: int


CASES = (
    Case(
        "`Conv1d(8, 16, 3, padding='same')`", lambda: nn.Conv1d(8, 16, 3, padding="same"), (2, 8, 50), 38_400
    ),
    Case(
        "`ConvTranspose1d(8, 16, 4, stride=2)`",
        lambda: nn.ConvTranspose1d(8, 16, 4, stride=2),
        (2, 8, 50),
        51_200,
    ),
    Case("`Linear(32, 64)` on `[2, 10, 32]`", lambda: nn.Linear(32, 64), (2, 10, 32), 40_960),
    Case("`x @ weight`, same sizes", Product, (2, 10, 32), 40_960),
    Case("`scaled_dot_product_attention`", Attention, (2, 4, 10, 8), 12_800),
    Case("`LSTM(16, 32)`", lambda: nn.LSTM(16, 32), (10, 2, 16), 122_880),
)


def by_convcost(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    return convcost.profile(module, *inputs).macs


def by_flop_counter_mode(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as mode:
        module(*inputs)
    return mode.get_total_flops() / 2


def by_fvcore(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    from fvcore.nn import FlopCountAnalysis

    analysis = (
        FlopCountAnalysis(module, inputs).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    )
    return float(analysis.total())


def by_torchinfo(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    import torchinfo

    return float(torchinfo.summary(module, input_data=inputs, verbose=0).total_mult_adds)


def by_ptflops(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    from ptflops import get_model_complexity_info

    macs, _ = get_model_complexity_info(
        module,
        tuple(inputs[0].shape),
        input_constructor=lambda _: {"x": inputs[0]},
        as_strings=False,
        print_per_layer_stat=False,
        verbose=False,
    )
    return float(macs)


def by_calflops(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    from calflops import calculate_flops

    _, macs, _ = calculate_flops(
        module, args=list(inputs), print_results=False, print_detailed=False, output_as_string=False
    )
    return float(macs)


def by_torchprofile(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    from torchprofile import profile_macs

    return float(profile_macs(module, inputs))


TOOLS: dict[str, tuple[str, Count]] = {
    "convcost": ("convcost", by_convcost),
    "FlopCounterMode": ("torch", by_flop_counter_mode),
    "fvcore": ("fvcore", by_fvcore),
    "ptflops": ("ptflops", by_ptflops),
    "torchinfo": ("torchinfo", by_torchinfo),
    "calflops": ("calflops", by_calflops),
    "torchprofile": ("torchprofile", by_torchprofile),
}
"""The package that each is part of, and how it is called."""


def installed() -> dict[str, str]:
    """The versions of the installed tools."""
    found = {}
    for tool, (package, _) in TOOLS.items():
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[tool] = convcost.__version__ if package == "convcost" else metadata.version(package)
    return found


def figure(tool: str, case: Case) -> int | None:
    """The MACs that a tool reports, or None where it fails."""
    torch.manual_seed(0)
    count = TOOLS[tool][1]
    with torch.no_grad(), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return round(count(Model(case.module()).eval(), (torch.zeros(case.input),)))
        except Exception:
            return None


def cells(tool: str) -> Iterator[str]:
    """A tool's cells in the table: bold where exact."""
    for case in CASES:
        found = figure(tool, case)
        yield "fails" if found is None else f"**{found:,}**" if found == case.macs else f"{found:,}"


def main() -> None:
    """Print the table."""
    versions = installed()
    columns = {tool: list(cells(tool)) for tool in versions}
    print(f"| MACs of | by hand | {' | '.join(columns)} |")
    print(f"|---|{'--:|' * (len(columns) + 1)}")
    for number, case in enumerate(CASES):
        print(
            f"| {case.label} | {case.macs:,} | {' | '.join(column[number] for column in columns.values())} |"
        )
    print()
    print(f"{date.today():%B %Y}: {', '.join(f'{tool} {version}' for tool, version in versions.items())}.")


if __name__ == "__main__":
    main()
