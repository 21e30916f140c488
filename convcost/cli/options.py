"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Sizes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=SIZE", help="Give a size a value; --NAME SIZE does the same."),
]
CountOption = Annotated[
    str,
    typer.Option(
        "--count",
        metavar="matmul|bias|all",
        help="What FLOPs are: 2 x MACs; with bias adds; with elementwise work too.",
    ),
]
TapsOption = Annotated[
    str,
    typer.Option(
        "--taps", metavar="full|valid", help="Count all taps, or only those on real data (not padding)."
    ),
]
DtypeOption = Annotated[
    str, typer.Option("--dtype", help="The dtype that bytes are counted in, such as float32 or bf16.")
]
OwnDtypeOption = Annotated[
    str,
    typer.Option(
        "--dtype", help="The dtype of bytes, such as bf16; if none, float32, and a module's own dtypes."
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="NAME",
        help="Least times on this device, such as a100: convcost devices lists them.",
    ),
]
FootprintOption = Annotated[bool, typer.Option("--memory", help="Show the memory to run and to train.")]
OptimizerOption = Annotated[
    str,
    typer.Option("--optimizer", metavar="NAME", help="What trains it, for --memory; adamw if none is named."),
]
CountersOption = Annotated[
    str, typer.Option("--counters", metavar="NAMES", help="all, none, or names with commas between them.")
]
MemoryOption = Annotated[
    str, typer.Option("--max-memory", metavar="BYTES", help="What a counter may really allocate.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 1 if a counter differs.")]
FormatOption = Annotated[
    str, typer.Option("--format", metavar="NAME", help="table, json, markdown, csv, html or latex.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
InputsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="[NAME=]DTYPE[SIZES]",
        help="A module's input, such as 'f32[1,3,224,224]' or 'ids=i64[B,128]'; give one or more.",
    ),
]
MakerOption = Annotated[
    str,
    typer.Option("--inputs-from", metavar="FILE.py:NAME", help="A function that returns a module's inputs."),
]
ArgumentsOption = Annotated[
    list[str] | None,
    typer.Option("--arg", metavar="NAME=VALUE", help="An argument for a module's class or function."),
]
TrainOption = Annotated[
    bool, typer.Option("--train/--eval", help="Run a module in training or in evaluation mode.")
]
TimeoutOption = Annotated[
    str,
    typer.Option("--timeout", metavar="SECONDS", help="What counting a model may take; 600 if not given."),
]
TimeOption = Annotated[
    bool, typer.Option("--time", help="Measure the time that it takes here, in turn with the others.")
]
BackwardOption = Annotated[
    bool, typer.Option("--backward", help="With --time: time a training step, forward and backward, too.")
]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="With --time: time what torch.compile makes of it, too.")
]
OnOption = Annotated[
    str, typer.Option("--on", metavar="cpu|cuda", help="Where to measure; on the GPU if there is one.")
]
ThreadsOption = Annotated[
    str, typer.Option("--threads", metavar="N", help="On how many threads to measure; as torch has it.")
]
