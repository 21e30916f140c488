"""Options shared by commands, each declared once: alone, or in a group.

A group is a dataclass whose fields are options. A command's parameter with this type stands for all of them,
in order. The command can redeclare one with other help. A field that is not an option keeps its default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from convcost.core.cost import Convention, convention
from convcost.core.distributed import MeshDimension, parse_mesh
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.units import parse_bytes, parse_seconds
from convcost.render import check_format
from convcost.system.workers import DEFAULT_TIMEOUT

GROUPINGS = ("module", "operator", "layer")

SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=SIZE", help="Give a size a value; --NAME SIZE does the same."),
]
DtypeOption = Annotated[
    str,
    typer.Option(
        "--dtype",
        metavar="DTYPE",
        help="The dtype of all floats for bytes, such as bf16 (default: float32; a module's own dtypes).",
    ),
]
DesignDtypeOption = Annotated[
    str,
    typer.Option(
        "--dtype",
        metavar="DTYPE",
        help="The dtype of all floats for bytes and rooflines, such as bf16 (default: float32; a module's "
        "own dtypes).",
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="NAMES",
        help="Show the roofline lower bound on one or more devices: h100,a100,this (see convcost devices).",
    ),
]
OnOption = Annotated[
    str, typer.Option("--on", metavar="cpu|cuda", help="Where to measure (default: the GPU, if any).")
]
ThreadsOption = Annotated[
    str, typer.Option("--threads", metavar="N", help="CPU threads (default: torch's setting).")
]
FormulasOption = Annotated[
    str,
    typer.Option(
        "--formulas",
        metavar="FILE.py:NAME",
        help="Formulas for operators that have none: a dict, by operator name.",
    ),
]
ConfigOption = Annotated[
    str,
    typer.Option("--config", metavar="FILE", help="Configuration file (default: the nearest one, upwards)."),
]
MaxMemoryOption = Annotated[
    str, typer.Option("--max-memory", metavar="BYTES", help="Memory limit for each run on real data.")
]
TimeoutOption = Annotated[
    str,
    typer.Option("--timeout", metavar="SECONDS", help="Time limit for counting a model (default: 600)."),
]


@dataclass(frozen=True)
class OutputOptions:
    """The format of the result."""

    output_format: Annotated[
        str, typer.Option("--format", metavar="NAME", help="table, json, markdown, csv, html or latex.")
    ] = "table"
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False

    def format_for(self, kind: type = Report) -> str:
        """The format's name; UsageError if results of this kind have no such format."""
        name = "json" if self.json else self.output_format
        check_format(name, kind)
        return name


@dataclass(frozen=True)
class PlotOptions:
    """The files for pictures."""

    plot: Annotated[
        list[str] | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Also save a picture: FILE.svg, .png, .pdf or .html; - prints it as text. Repeatable.",
        ),
    ] = None


@dataclass(frozen=True)
class MetricPlotOptions(PlotOptions):
    """The files for pictures, with the quantity and the sizes to draw."""

    plot_metric: Annotated[
        str,
        typer.Option(
            "--plot-metric",
            metavar="NAME",
            help="The quantity to draw, by its name in --json (default: flops).",
        ),
    ] = ""
    plot_range: Annotated[
        list[str] | None,
        typer.Option(
            "--plot-range",
            metavar="NAME=START:STOP",
            help="The values of the open size to draw (default: around the break-even points).",
        ),
    ] = None


@dataclass(frozen=True)
class ConventionOptions:
    """The convention of FLOPs."""

    count: Annotated[
        str,
        typer.Option(
            "--count",
            metavar="matmul|bias|all",
            help="What counts as FLOPs: 2 x MACs; also bias adds; also bias adds and elementwise work.",
        ),
    ] = "matmul"
    taps: Annotated[
        str,
        typer.Option(
            "--taps",
            metavar="full|valid",
            help="Count all MACs, or only those on real data: without padding and masked scores.",
        ),
    ] = "full"

    @property
    def convention(self) -> Convention:
        """The convention that both options name; UsageError for an unknown one."""
        return convention(self.count, self.taps)


@dataclass(frozen=True)
class CounterOptions:
    """The counters to run, and whether their verdicts decide the exit code."""

    counters: Annotated[
        str,
        typer.Option(
            "--counters",
            metavar="NAMES",
            help="all, none, or comma-separated names (default: all; none for a single module).",
        ),
    ] = ""
    max_memory: MaxMemoryOption = "1GiB"
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 if a counter differs, or an operator is not counted."),
    ] = False

    @property
    def max_bytes(self) -> int:
        """The memory limit for a counter's run."""
        return parse_bytes(self.max_memory)


@dataclass(frozen=True)
class TimingOptions:
    """Options of measured times and of the backward."""

    time: Annotated[bool, typer.Option("--time", help="Also measure times on this machine.")] = False
    backward: Annotated[
        bool,
        typer.Option(
            "--backward",
            help="Also count input and weight gradients; with --time, also time a training step.",
        ),
    ] = False
    compile: Annotated[
        bool, typer.Option("--compile", help="With --time: also time it with torch.compile.")
    ] = False
    on: OnOption = ""
    threads: ThreadsOption = ""

    def check(self) -> None:
        """UsageError for an option that needs --time."""
        given = {"--compile": self.compile, "--on": self.on, "--threads": self.threads}
        first = next((name for name, value in given.items() if value), "")
        if first and not self.time:
            raise UsageError(f"{first} needs --time")


@dataclass(frozen=True)
class MemoryOptions:
    """Options of the memory estimate."""

    memory: Annotated[
        bool,
        typer.Option("--memory", help="Also estimate the memory of a forward pass and of a training step."),
    ] = False
    optimizer: Annotated[
        str,
        typer.Option("--optimizer", metavar="NAME", help="With --memory: the optimizer (default: adamw)."),
    ] = ""


@dataclass(frozen=True, kw_only=True)
class CostOptions:
    """The options of `cost`, `layer` and `model`: what to show of one design."""

    flops: ConventionOptions
    dtype: DesignDtypeOption = ""
    devices: DeviceOption = ""
    timing: TimingOptions
    memory: MemoryOptions
    crosscheck: CounterOptions
    plots: MetricPlotOptions
    output: OutputOptions


@dataclass(frozen=True)
class PartOptions:
    """The rows and columns of the table of layers, submodules or operators."""

    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="|".join(GROUPINGS),
            help="What each row shows: module or operator for a torch module, layer for a design.",
        ),
    ] = ""
    depth: Annotated[
        str, typer.Option("--depth", metavar="N", help="Show N levels of submodules or branches.")
    ] = ""
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="NAME",
            help="Sort by a quantity such as flops or params, largest first, or by path.",
        ),
    ] = ""
    top: Annotated[
        str,
        typer.Option(
            "--top", metavar="N", help="Show only the N largest rows, by FLOPs or the quantity of --sort."
        ),
    ] = ""
    filter_by: Annotated[
        str,
        typer.Option("--filter", metavar="TEXT", help="Show only rows with TEXT in their path or class."),
    ] = ""
    columns: Annotated[
        str,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="The columns to show, such as output,params,share: shapes, calls, share, backward, and any "
            "quantity by its name in --json.",
        ),
    ] = ""


@dataclass(frozen=True)
class ModuleOptions:
    """How to build and run torch modules that do not state their own inputs and arguments."""

    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="[NAME=]DTYPE[SIZES]",
            help="A module's input, such as 'f32[1,3,224,224]' or 'ids=i64[B,128]'; give one or more.",
        ),
    ] = None
    inputs_from: Annotated[
        str,
        typer.Option(
            "--inputs-from", metavar="FILE.py:NAME", help="A function that returns a module's inputs."
        ),
    ] = ""
    module_arguments: Annotated[
        list[str] | None,
        typer.Option("--arg", metavar="NAME=VALUE", help="An argument of a module's class or function."),
    ] = None
    train: Annotated[
        bool, typer.Option("--train/--eval", help="Run a module in training or in evaluation mode.")
    ] = False
    phase: Annotated[
        str,
        typer.Option(
            "--phase",
            metavar="prefill|decode",
            help="Run a language model's prompt, or one more token with the prompt in the cache.",
        ),
    ] = ""
    context_length: Annotated[
        str,
        typer.Option(
            "--context",
            metavar="N",
            help="With --phase: the number of tokens in the prompt, such as 4096, or T to leave it open.",
        ),
    ] = ""
    timeout: TimeoutOption = ""

    @property
    def describe_a_module(self) -> bool:
        """Whether an option is given that is only for modules."""
        stated = self.inputs or self.inputs_from or self.module_arguments or self.train
        return bool(stated or self.phase or self.context_length)

    @property
    def seconds(self) -> float:
        """The time limit for counting a module."""
        return parse_seconds(self.timeout, "--timeout") if self.timeout else DEFAULT_TIMEOUT


@dataclass(frozen=True)
class MeshOptions:
    """The device mesh of a module."""

    mesh: Annotated[
        str,
        typer.Option(
            "--mesh",
            metavar="NAME=RANKS,...",
            help="Also count one rank of a device mesh and what it sends: tp=8, or dp=2,tp=4. The module has "
            "a method parallelize(mesh) or an attribute tp_plan, or else see --parallelize; dp shards its "
            "parameters.",
        ),
    ] = ""
    parallelize: Annotated[
        str,
        typer.Option(
            "--parallelize",
            metavar="FILE.py:NAME",
            help="With --mesh: a function of the module and the mesh that parallelizes the module.",
        ),
    ] = ""

    @property
    def dimensions(self) -> tuple[MeshDimension, ...]:
        """The dimensions of the mesh; empty without one. UsageError for an invalid mesh."""
        if self.parallelize and not self.mesh:
            raise UsageError("--parallelize needs --mesh, for example --mesh tp=8")
        return parse_mesh(self.mesh) if self.mesh else ()


@dataclass(frozen=True)
class OpenSizeModuleOptions(ModuleOptions):
    """Options of modules whose inputs may have open sizes: without --inputs-from, which returns tensors."""

    inputs_from: str = ""
