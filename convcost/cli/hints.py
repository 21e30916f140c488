"""What to write instead: near names first, then a table of words that people know from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import typer

from convcost.core.errors import UsageError, did_you_mean, nearest
from convcost.layers import KINDS, find_layer
from convcost.render import FORMATS
from convcost.spec.resolve import layer_fields
from convcost.tracing.sources import SUFFIXES
from convcost.tracing.sources.reference import is_reference
from convcost.tracing.target.module_text import is_module_text

BIAS_HINT = "Write a layer's arguments in its brackets: bias=False."
DESIGN_HINT = "In a design, the shape comes first: [B, S, E] -> Linear(E, E)"
DTYPE_HINT = "A dtype is given by name: --dtype bfloat16."
OPEN_HINT = "A size without a value stays a symbol: leave its option out."
STDOUT_HINT = "The result goes to stdout: > FILE after the command puts it in a file."
METRICS_HINT = "Every figure is shown; --count and --taps say what FLOPs are, --json has all of it."
POSITIONS_HINT = "Positions are the size S of the usual input: --S 128."
COLOURS_HINT = "Set NO_COLOR=1 for no colors, FORCE_COLOR=1 for colors in a pipe."
HARDWARE_HINT = "--device a100 shows the roofline lower bound; --time --on cpu measures here."

OPTION_HINTS: dict[str, str] = {
    **dict.fromkeys(("batch", "batch-size", "bs"), "The batch is a size of the input, such as B: --B 4."),
    **dict.fromkeys(("seq", "seq-len", "seqlen", "seq-length", "sequence", "tokens"), POSITIONS_HINT),
    **dict.fromkeys(("symbols", "symbolic", "sympy", "formula", "formulas", "open"), OPEN_HINT),
    **dict.fromkeys(
        ("flops", "params", "macs", "metrics", "parameters", "activations", "bytes"), METRICS_HINT
    ),
    **{name: f"Write it as --format {name}." for name in FORMATS if name != "json"},
    **{"md": "Write it as --format markdown.", "tex": "Write it as --format latex."},
    **dict.fromkeys(("yaml", "yml"), "YAML parsers read --json."),
    **dict.fromkeys(("o", "output", "out", "file", "save", "export", "write"), STDOUT_HINT),
    **dict.fromkeys(("v", "verbose", "debug", "details"), "There is nothing more to show; --json has all."),
    **dict.fromkeys(("q", "quiet", "silent"), "Progress goes to stderr: 2>/dev/null hides it."),
    **dict.fromkeys(("version", "V"), "convcost --version shows the version."),
    **dict.fromkeys(("color", "colour", "no-color", "no-colour", "colors", "plain"), COLOURS_HINT),
    **dict.fromkeys(("gpu", "cuda", "cpu", "hardware", "accelerator"), HARDWARE_HINT),
    **dict.fromkeys(
        ("precision", "fp16", "bf16", "fp32", "float16", "half", "amp", "int8", "fp8"), DTYPE_HINT
    ),
    **dict.fromkeys(("limit", "n", "head", "largest", "max-rows"), "--top"),
    **dict.fromkeys(("cols", "column", "fields", "show"), "--columns"),
    **dict.fromkeys(("max-depth", "level", "levels"), "--depth"),
    **dict.fromkeys(("order-by", "sort-by", "order"), "--sort"),
    **dict.fromkeys(("grad", "grads", "gradients", "bwd", "training"), "--backward"),
    **dict.fromkeys(("shape", "shapes", "input-shape", "input-size", "inputs", "size", "dims"), "--input"),
    **dict.fromkeys(("args", "kwargs", "kwarg", "param", "model-args"), "--arg"),
    **dict.fromkeys(("for", "find", "solve", "solve-for", "over", "free", "unknown"), "--vary"),
    **dict.fromkeys(("step", "multiple", "divisible-by"), "--multiple-of"),
    **dict.fromkeys(("fix", "accept", "baseline", "update-baseline"), "--update"),
    **dict.fromkeys(("counter", "check-with", "verify-with"), "--counters"),
    **dict.fromkeys(("k", "ksize"), "--kernel-size"),
    "no-counters": "--counters none asks none.",
    "list": "Without an option all of them are shown.",
}
"""By an option that does not exist: the one that is meant, or a sentence on how it is done here."""

PAIR_HINTS: dict[str, str] = {
    **dict.fromkeys(("kernel-size", "kernel", "kernels", "ksize", "k", "taps-per-kernel"), "--K"),
    **dict.fromkeys(
        ("channels", "width", "dim", "embed", "embedding", "d-model", "hidden", "features"), "--E"
    ),
    **dict.fromkeys(("length", "len", "positions", "window"), "--L"),
    **dict.fromkeys(("convolutions", "conv-layers", "num-layers", "n-layers", "repeat", "depth"), "--convs"),
    **dict.fromkeys(("bias", "without-bias", "nobias"), "--no-bias"),
}
"""By an option that does not exist, what varies the founding pair."""

COST_HINT = "convcost cost shows one design or torch module, convcost compare several."
COMPARE_HINT = "convcost compare shows designs and modules side by side."
TIME_HINT = "convcost cost and convcost compare measure times with --time."
FIND_HINT = "convcost match finds the size that meets a cost or a budget."
CHECK_HINT = "convcost check enforces the limits in pyproject.toml; --update records baselines."

COMMAND_HINTS: dict[str, str] = {
    **dict.fromkeys(
        ("profile", "summary", "summarize", "torchinfo", "analyze", "analyse", "inspect"), COST_HINT
    ),
    **dict.fromkeys(("flops", "params", "macs", "count", "estimate", "run", "show"), COST_HINT),
    **dict.fromkeys(("diff", "vs", "versus", "ratio"), COMPARE_HINT),
    **dict.fromkeys(("bench", "benchmark", "time", "timing", "speed", "latency", "measure"), TIME_HINT),
    **dict.fromkeys(("search", "solve", "fit", "optimize", "optimise", "find", "budget"), FIND_HINT),
    **dict.fromkeys(
        ("test", "validate", "ci", "gate", "lint", "update", "lock", "baseline", "init"), CHECK_HINT
    ),
    **dict.fromkeys(("derive", "why", "formula", "formulas"), "convcost explain derives every figure."),
    **dict.fromkeys(
        ("roofline", "gpu", "hardware"), "--device NAME shows the roofline lower bound; see convcost devices."
    ),
    "memory": "convcost cost and convcost compare show it with --memory.",
    "help": "convcost --help lists the commands, convcost COMMAND --help the options of one.",
    "version": "convcost --version shows the version.",
}
"""By a command that does not exist: a sentence on what does it."""

MODULE_INPUT = re.compile(r"\s*(?:\w+\s*=\s*)?[a-z]+[0-9]*\s*(\[[^][]*\])\s*")
"""An input of a module, as --input has it: ids=i64[1,128]."""


def unknown_option(
    context: typer.Context,
    name: str,
    value: str | None,
    own: Iterable[str],
    hints: Mapping[str, str] = MappingProxyType({}),
) -> UsageError:
    """The error for an unknown option, with what is meant: one of `own`, or how else it is done.

    `hints` come before those of every command.
    """
    word, own = name.replace("_", "-"), tuple(own)
    message = f"no option or size is called --{name[:40]}"
    meant = hints.get(word) or OPTION_HINTS.get(word, f"--{word}")
    if meant.removeprefix("--") in own:
        return UsageError(f"{message} (did you mean {meant}?)")
    near = "" if word in hints else nearest(word, own, cutoff=0.8)
    if near:
        return UsageError(f"{message} (did you mean --{near}?)")
    if not is_option(meant):
        return UsageError(message, hint=meant)
    if having := [*_commands_with(context, meant)]:
        return UsageError(message, hint=f"{meant} is an option of convcost {_join_words(having)}.")
    if argument := _argument(word):
        truth = (value or "").capitalize()
        given = "False" if word.startswith("no-") else truth if truth in BOOLEANS else value or "VALUE"
        return UsageError(message, hint=f"Write a layer's arguments in its brackets: {argument}={given}.")
    return UsageError(f"{message}{did_you_mean(word, own, before='--')}")


def is_option(meant: str) -> bool:
    """Whether it is another option, and no sentence."""
    return meant.startswith("--") and " " not in meant


BOOLEANS = ("True", "False")


def _join_words(words: list[str]) -> str:
    return " and ".join(", ".join(words).rsplit(", ", 1))


def _commands_with(context: typer.Context, option: str) -> Iterator[str]:
    group: Any = context.find_root().command
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if any(option in parameter.opts for parameter in command.params):
            yield name


def _argument(word: str) -> str:
    """The argument of a torch.nn layer that is meant: kernel_size by --kernel."""
    fields = dict.fromkeys(field for kind in KINDS for field in layer_fields(kind))
    return nearest(word.removeprefix("no-").replace("-", "_"), fields, cutoff=0.8)


def unknown_command(name: str, commands: Iterable[str]) -> UsageError:
    """The error for an unknown command, with the one that is meant."""
    message = f"no command is called {name[:40]}"
    if name.lower() in COMMAND_HINTS:
        return UsageError(message, hint=COMMAND_HINTS[name.lower()])
    if find_layer(name):
        return UsageError(message, hint=f"It is a layer: convcost layer {name} shows one.")
    if is_target(name):
        return UsageError(message, hint=model_hint(name))
    if any(sign in name for sign in "([>"):
        return UsageError(message, hint="A design follows a command: convcost cost DESIGN.")
    return UsageError(f"{message}{did_you_mean(name, commands)}", hint="convcost --help lists the commands.")


def model_hint(target: str) -> str:
    """How a torch module is counted."""
    if "->" in target:
        return f"To count a torch module: convcost model '{target.strip()[:80]}'"
    if target.strip().endswith(tuple(SUFFIXES)) or is_reference(target):
        return f"To count a model: convcost model {target.strip()[:80]}"
    target = target if ":" in target else f"{target.strip()}:Name"
    return f'To count a torch module: convcost model {target[:80]} --input "f32[1,3,224,224]"'


def is_target(text: str) -> bool:
    """Whether `text` names a torch module, `net.py:Net` or `[1,3] -> net.py:Net`, and states no design."""
    may_be = ":" in text or text.rstrip().endswith(".py") or is_reference(text)
    return may_be and is_module_text(text)


PICKLES = ("pt", "pth", "bin", "ckpt", "pkl", "pickle", "th", "tar")
"""Endings of files that torch.save writes."""

FILE_NAME = re.compile(r"[^\s()\[\]>]+\.(?P<ending>\w+)", re.ASCII)


def file_error(text: str) -> UsageError | None:
    """What is wrong with `text` if it is the name of a file that no source reads."""
    found = FILE_NAME.fullmatch(text)
    if not found or is_reference(text):
        return None
    ending = found["ending"].lower()
    if ending in PICKLES:
        hint = "Save weights as .safetensors, or a model by torch.export.save as .pt2."
        return UsageError(f"{text[:80]} is a pickle, which can run code when it is loaded", hint=hint)
    near = did_you_mean(f".{ending}", SUFFIXES)
    kinds = ", ".join(suffix for suffix in SUFFIXES if suffix.count(".") == 1)
    return (
        UsageError(f"files ending in .{ending} can't be read{near}", hint=f"Choose from {kinds}.")
        if near
        else None
    )


def design_error(text: str, options: Iterable[str] = (), takes_numbers: bool = False) -> UsageError | None:
    """What is wrong with `text` where a design is wanted, if it is something else that people write."""
    if found := MODULE_INPUT.fullmatch(text):
        hint = f"A design's input has no dtype: {found[1]} -> Linear(3, 4)"
        return UsageError(f"{text[:40]} is the input of a module, not a design", hint=hint)
    if wrong_file := file_error(text):
        return wrong_file
    if re.fullmatch(r"[^\s(\[@]+\.txt", text):
        hint = f"To read designs from a file, write @{text[:40]}"
        return UsageError(f"{text[:40]} is a file, not a design", hint=hint)
    if re.fullmatch(r"[0-9.]+", text) and not takes_numbers:
        hint = f"A size is given by its name: --E {text[:20]}, or --set E={text[:20]}."
        return UsageError(f"{text[:40]} is not a design or an option", hint=hint)
    mistaken = re.fullmatch(r"-?([A-Za-z_][\w-]*?)(?:=?([0-9]+)|=(.*))?", text)
    if not mistaken or not (text.startswith("-") or "=" in text) or "->" in text:
        return None
    if mistaken[3] and any(sign in mistaken[3] for sign in "(:") and not text.startswith("-"):
        return None
    name, value = mistaken[1][:40], (mistaken[2] or mistaken[3] or "")[:40]
    message = f"{text[:40]} is not a design or an option"
    if name in options:
        return UsageError(message, hint=f"Options have two dashes: --{name}{f'={value}' if value else ''}")
    if (meant := OPTION_HINTS.get(name)) and not value:
        return UsageError(message, hint=f"There is {meant}." if is_option(meant) else meant)
    return UsageError(message, hint=f"Sizes are given as --{name} {value or 128}.")
