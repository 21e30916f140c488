"""Options that several commands have, each declared once: alone, or in a group that a command takes whole.

A group is a dataclass whose fields are options. A parameter of a command that is annotated with it stands for
all of them, in their order. A field that the command also declares itself, with another help, is taken
from there; one that is no option keeps its default.
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
    str, typer.Option("--dtype", metavar="DTYPE", help="The dtype of bytes, such as bf16.")
]
DesignDtypeOption = Annotated[
    str,
    typer.Option(
        "--dtype",
        metavar="DTYPE",
        help="The dtype of bytes and rooflines, such as bf16 (default: float32; a module's own dtypes).",
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="NAMES",
        help="Roofline lower bound on a device, or on several: h100,a100,this; convcost devices lists them.",
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
    """The files that pictures are saved to."""

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
    """The files that pictures are saved to, with the quantity and the sizes drawn."""

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
            help="The values of the open size to draw (default: those around the break-even points).",
        ),
    ] = None


@dataclass(frozen=True)
class ConventionOptions:
    """What FLOPs are."""

    count: Annotated[
        str,
        typer.Option(
            "--count",
            metavar="matmul|bias|all",
            help="What FLOPs are: 2 x MACs; plus bias adds; plus bias adds and elementwise work.",
        ),
    ] = "matmul"
    taps: Annotated[
        str,
        typer.Option(
            "--taps",
            metavar="full|valid",
            help="Count all MACs, or only those on real data: not on padding, not on masked scores.",
        ),
    ] = "full"

    @property
    def convention(self) -> Convention:
        """The convention that both name; UsageError if there is none."""
        return convention(self.count, self.taps)


@dataclass(frozen=True)
class CounterOptions:
    """Which counters are asked, and what their verdicts do."""

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
        """What a counter may allocate."""
        return parse_bytes(self.max_memory)


@dataclass(frozen=True)
class TimingOptions:
    """Whether and how times are measured."""

    time: Annotated[
        bool, typer.Option("--time", help="Measure the time on this machine, several candidates in turn.")
    ] = False
    backward: Annotated[
        bool,
        typer.Option(
            "--backward",
            help="Also count input and weight gradients; with --time, also time a training step.",
        ),
    ] = False
    compile: Annotated[
        bool, typer.Option("--compile", help="With --time, also time what torch.compile makes of it.")
    ] = False
    on: OnOption = ""
    threads: ThreadsOption = ""

    def check(self) -> None:
        """UsageError for an option that means nothing without --time."""
        given = {"--compile": self.compile, "--on": self.on, "--threads": self.threads}
        first = next((name for name, value in given.items() if value), "")
        if first and not self.time:
            raise UsageError(f"{first} needs --time")


@dataclass(frozen=True)
class MemoryOptions:
    """Whether memory is estimated, and with which optimizer."""

    memory: Annotated[
        bool, typer.Option("--memory", help="Estimate the memory of a forward and of a training step.")
    ] = False
    optimizer: Annotated[
        str,
        typer.Option("--optimizer", metavar="NAME", help="With --memory: the optimizer (default: adamw)."),
    ] = ""


@dataclass(frozen=True, kw_only=True)
class CostOptions:
    """What is shown of the costs of one design: the same for `cost`, `layer` and `model`."""

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
    """Which lines and columns the table of a design's layers, submodules or operators has."""

    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="|".join(GROUPINGS), help="What each line shows; operator is for torch modules."
        ),
    ] = ""
    depth: Annotated[
        str, typer.Option("--depth", metavar="N", help="Show N levels of modules or branches.")
    ] = ""
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="NAME",
            help="Sort by a quantity such as flops or params, the largest first, or by path.",
        ),
    ] = ""
    top: Annotated[
        str,
        typer.Option("--top", metavar="N", help="Show only the N largest, by FLOPs or by what --sort names."),
    ] = ""
    filter_by: Annotated[
        str,
        typer.Option("--filter", metavar="TEXT", help="Show only those with TEXT in their path or class."),
    ] = ""
    columns: Annotated[
        str,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="The columns, such as output,params,flops,share: shapes, calls, share, backward, or any "
            "quantity by its name in --json.",
        ),
    ] = ""


@dataclass(frozen=True)
class ModuleOptions:
    """How torch modules are made and run: those that do not state inputs or arguments of their own."""

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
        typer.Option("--arg", metavar="NAME=VALUE", help="An argument for a module's class or function."),
    ] = None
    train: Annotated[
        bool, typer.Option("--train/--eval", help="Run a module in training or in evaluation mode.")
    ] = False
    phase: Annotated[
        str,
        typer.Option(
            "--phase",
            metavar="prefill|decode",
            help="Run a language model's prompt, or one more token with it in the cache (compare: or both).",
        ),
    ] = ""
    context_length: Annotated[
        str,
        typer.Option(
            "--context",
            metavar="N",
            help="With --phase: the tokens of the prompt, such as 4096; a name such as T stays open.",
        ),
    ] = ""
    timeout: TimeoutOption = ""

    @property
    def describe_a_module(self) -> bool:
        """Whether one is given that means nothing without a module."""
        stated = self.inputs or self.inputs_from or self.module_arguments or self.train
        return bool(stated or self.phase or self.context_length)

    @property
    def seconds(self) -> float:
        """The time that counting a module may take."""
        return parse_seconds(self.timeout, "--timeout") if self.timeout else DEFAULT_TIMEOUT


@dataclass(frozen=True)
class MeshOptions:
    """The devices that a module is spread over."""

    mesh: Annotated[
        str,
        typer.Option(
            "--mesh",
            metavar="NAME=RANKS,...",
            help="Also count what one rank of a mesh has and sends: tp=8, or dp=2,tp=4. The module brings a "
            "plan: a method parallelize(mesh) or an attribute tp_plan; dp shards its parameters.",
        ),
    ] = ""
    parallelize: Annotated[
        str,
        typer.Option(
            "--parallelize",
            metavar="FILE.py:NAME",
            help="With --mesh: a function of the module and the mesh that parallelizes it.",
        ),
    ] = ""

    @property
    def dimensions(self) -> tuple[MeshDimension, ...]:
        """Those of the mesh; none where there is none. UsageError for what is no mesh."""
        if self.parallelize and not self.mesh:
            raise UsageError("--parallelize needs --mesh, for example --mesh tp=8")
        return parse_mesh(self.mesh) if self.mesh else ()


@dataclass(frozen=True)
class OpenSizeModuleOptions(ModuleOptions):
    """How modules are made whose inputs have open sizes: without --inputs-from, which makes tensors."""

    inputs_from: str = ""
