"""What to write instead of an unknown option, command or design: near names, then words of other tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import typer

from convcost.core.errors import MOST_NEAR, UsageError, did_you_mean, join_words, nearest
from convcost.layers import KINDS, find_layer
from convcost.render import FORMATS
from convcost.spec.resolve import layer_fields
from convcost.tracing.sources import SUFFIXES
from convcost.tracing.sources.reference import is_reference
from convcost.tracing.target.module_text import is_module_text

BIAS_HINT = "A layer's arguments go in its brackets: bias=False."
DESIGN_HINT = "A design starts with its input shape: [B, S, E] -> Linear(E, E)"
DTYPE_HINT = "Choose a dtype with --dtype bfloat16."
OPEN_HINT = "A size without a value stays a symbol: leave its option out."
STDOUT_HINT = "The result goes to stdout; redirect it to a file: > FILE."
METRICS_HINT = "All quantities are shown; --count and --taps choose what counts as FLOPs."
MODULE_BATCH_HINT = "Name the batch in the input: [B, 10]. With --phase, give --context T --T 4096 and --B."
DESIGN_BATCH_HINT = "For a batch B, write it in the input shape: [B, S, E] -> Linear(E, E)"
POSITIONS_HINT = "The sequence length is a size of the input, such as S: --S 128."
COLOURS_HINT = "Set NO_COLOR=1 for no colors, FORCE_COLOR=1 for colors in a pipe."
HARDWARE_HINT = "--device a100 shows the roofline lower bound; --time --on cpu measures here."

INPUT_SIZES = {"batch": "B", "length": "L", "depth": "D", "height": "H", "width": "W"}
"""Words for sizes of the default input."""

BUDGETS = {
    **dict.fromkeys(("params", "parameters"), "1M --metric params"),
    **{"macs": "1M --metric macs", "bytes": "1MB --metric bytes"},
}
"""A budget of a quantity other than FLOPs, as options of match."""

OPTION_HINTS: dict[str, str] = {
    **dict.fromkeys(("batch", "batch-size", "bs"), "The batch is a size of the input, such as B: --B 4."),
    **dict.fromkeys(("seq", "seq-len", "seqlen", "seq-length", "sequence", "tokens"), POSITIONS_HINT),
    **dict.fromkeys(("symbols", "symbolic", "sympy", "formula", "formulas", "open"), OPEN_HINT),
    **dict.fromkeys(
        ("flops", "params", "macs", "metrics", "parameters", "activations", "bytes"), METRICS_HINT
    ),
    **{name: f"Write it as --format {name}." for name in FORMATS if name != "json"},
    **{"md": "Write it as --format markdown.", "tex": "Write it as --format latex."},
    **dict.fromkeys(("yaml", "yml"), "Use --json: YAML parsers read it."),
    **dict.fromkeys(("o", "output", "out", "file", "save", "export", "write"), STDOUT_HINT),
    **dict.fromkeys(("v", "verbose", "debug", "details"), "Everything is shown already; see also --json."),
    **dict.fromkeys(("q", "quiet", "silent"), "Notes and progress go to stderr: 2>/dev/null hides them."),
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
    "no-counters": "--counters none runs none.",
    "list": "Without options, all are listed.",
}
"""For an unknown option: the option that is meant, or a sentence that says what to do."""

PAIR_HINTS: dict[str, str] = {
    **dict.fromkeys(("kernel-size", "kernel", "kernels", "ksize", "k", "taps-per-kernel"), "--K"),
    **dict.fromkeys(
        ("channels", "width", "dim", "embed", "embedding", "d-model", "hidden", "features"), "--E"
    ),
    **dict.fromkeys(("length", "len", "positions", "window"), "--L"),
    **dict.fromkeys(("convolutions", "conv-layers", "num-layers", "n-layers", "repeat", "depth"), "--convs"),
    **dict.fromkeys(("bias", "without-bias", "nobias"), "--no-bias"),
}
"""For an unknown option: the option that varies the founding pair."""

COST_HINT = "convcost cost shows one design or torch module, convcost compare several."
COMPARE_HINT = "convcost compare shows designs and modules side by side."
TIME_HINT = "convcost cost and convcost compare measure times with --time."
FIND_HINT = "convcost match finds the size that meets a cost or a budget."
CHECK_HINT = "convcost check compares costs with limits and baselines; --update writes new baselines."

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
"""For an unknown command: a sentence that names the right one."""

MODULE_INPUT = re.compile(r"\s*(?:\w+\s*=\s*)?[a-z]+[0-9]*\s*(\[[^][]*\])\s*")
"""An input of a module, as for --input: ids=i64[1,128]."""


def unknown_option(
    context: typer.Context,
    name: str,
    value: str | None,
    own: Iterable[str],
    hints: Mapping[str, str] = MappingProxyType({}),
) -> UsageError:
    """The error for an unknown option, with the one of `own` that is meant, or what to do instead.

    `hints` take precedence over those of all commands.
    """
    word, own = name.replace("_", "-"), tuple(own)
    message = f"no option or size is called --{name[:40]}"
    size = INPUT_SIZES.get(word)
    meant = hints.get(word) or OPTION_HINTS.get(word) or f"--{size if size in own else word}"
    if meant == METRICS_HINT and "budget" in own:
        meant = f"For a budget: --vary E --budget {BUDGETS.get(word, '1MFLOPs')}."
    if meant.removeprefix("--") in own:
        return UsageError(f"{message} (did you mean {meant}?)")
    alike = own if len(word) > 1 else [each for each in own if len(each) == 1]
    near = "" if word in hints else nearest(word, alike, cutoff=0.8)
    if near:
        return UsageError(f"{message} (did you mean --{near}?)")
    if not is_option(meant):
        return UsageError(message, hint=meant)
    if having := [*_commands_with(context, meant)]:
        return UsageError(message, hint=f"{meant} is an option of convcost {join_words(having)}.")
    if value and is_target(value):
        return UsageError(message, hint=f"Give a module without an option: {value[:80]}")
    if word not in INPUT_SIZES and (argument := _argument(word)):
        truth = (value or "").capitalize()
        given = "False" if word.startswith("no-") else truth if truth in BOOLEANS else value or "VALUE"
        return UsageError(message, hint=f"A layer's arguments go in its brackets: {argument}={given}.")
    return UsageError(f"{message}{did_you_mean(word, alike, before='--')}")


def is_option(meant: str) -> bool:
    """Whether a hint is an option, not a sentence."""
    return meant.startswith("--") and " " not in meant


BOOLEANS = ("True", "False")


def _commands_with(context: typer.Context, option: str) -> Iterator[str]:
    group: Any = context.find_root().command
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if any(option in parameter.opts for parameter in command.params):
            yield name


def _argument(word: str) -> str:
    """The argument of a torch.nn layer that is meant: kernel_size for --kernel."""
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
    """A hint on how to count a torch module."""
    if "->" in target:
        return f"For a torch module: convcost model '{shorten_design(target.strip())}'"
    if target.strip().endswith(tuple(SUFFIXES)) or is_reference(target):
        return f"For a model: convcost model {target.strip()[:80]}"
    target = target if ":" in target else f"{target.strip()}:Name"
    return f'For a torch module: convcost model {target[:80]} --input "f32[1,3,224,224]"'


def target_noun(target: str) -> str:
    """What a target is: a torch module, or a model of a library or in a file."""
    return "a model" if is_reference(target) else "a torch module"


def is_target(text: str) -> bool:
    """Whether `text` is a torch module, `net.py:Net` or `[1,3] -> net.py:Net`, and not a spec."""
    may_be = ":" in text or text.rstrip().endswith(".py") or is_reference(text)
    return may_be and is_module_text(text)


PICKLES = ("pt", "pth", "bin", "ckpt", "pkl", "pickle", "th", "tar")
"""Suffixes of files that torch.save writes."""

UNIT = re.compile(r"[kKMGTP]?(?:FLOPs?|FLOPS|MACs?|B|bytes|params?|parameters)")
"""A unit of a budget, apart from its number."""

FILE_NAME = re.compile(r"[^\s()\[\]>]+\.(?P<ending>\w+)", re.ASCII)


def shorten_design(text: str) -> str:
    """A design for a hint; a very long one ends in an ellipsis."""
    return text if len(text) <= LONGEST_DESIGN else f"{text[:80]}..."


LONGEST_DESIGN = 300


def file_error(text: str) -> UsageError | None:
    """The error for `text` if it names a file that can't be read; else None."""
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
    """The error for `text` in place of a design, if it is another thing that people write; else None."""
    if found := MODULE_INPUT.fullmatch(text):
        hint = f"A design's input has no dtype: {found[1]} -> Linear(3, 4)"
        return UsageError(f"{text[:40]} is the input of a module, not a design", hint=hint)
    if wrong_file := file_error(text):
        return wrong_file
    if UNIT.fullmatch(text):
        hint = f"Write an amount as one word, such as 10{text}."
        return UsageError(f"{text} is a unit, not a design", hint=hint)
    if re.fullmatch(r"[^\s(\[@]+\.txt", text):
        hint = f"For the designs in a file: @{text[:40]}"
        return UsageError(f"{text[:40]} is a file, not a design", hint=hint)
    if re.fullmatch(r"[0-9.]+", text) and not takes_numbers:
        hint = f"Give a size by its name: --E {text[:20]}, or --set E={text[:20]}."
        return UsageError(f"{text[:40]} is not a design or an option", hint=hint)
    mistaken = re.fullmatch(r"-?([A-Za-z_][\w-]*?)(?:=?([0-9]+)|=(.*))?", text)
    if not mistaken or not (text.startswith("-") or "=" in text) or "->" in text:
        return None
    if mistaken[3] and any(sign in mistaken[3] for sign in "(:") and not text.startswith("-"):
        return None
    name, value = mistaken[1][:40], (mistaken[2] or mistaken[3] or "")[:40]
    options = tuple(options)
    message = f"{text[:40]} is not a design or an option"
    if name in options:
        return UsageError(message, hint=f"Options have two dashes: --{name}{f'={value}' if value else ''}")
    if (meant := OPTION_HINTS.get(name)) and not value:
        return UsageError(message, hint=f"Use {meant}." if is_option(meant) else meant)
    if near := _near_options(name, options) if text.startswith("-") else "":
        return UsageError(f"no option is called -{name}{near}")
    named = "arguments and sizes" if takes_numbers else "sizes"
    return UsageError(message, hint=f"Give {named} as --{name} {value or 128}.")


def _near_options(name: str, options: Iterable[str]) -> str:
    """The options that are meant by a name after a single dash: up to three for one letter."""
    if len(name) > 1:
        return did_you_mean(name, options, before="--")
    near = [f"--{option}" for option in options if option.startswith(name)]
    return f" (did you mean {join_words(near, 'or')}?)" if 1 <= len(near) <= MOST_NEAR else ""
