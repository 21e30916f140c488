"""timm:NAME: models of timm, without weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from convcost.core.errors import UsageError, did_you_mean
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor
from convcost.tracing.sources.interface import BuildableModel
from convcost.tracing.sources.libraries import import_library, without_weights

WEIGHT_ARGUMENTS = ("pretrained", "checkpoint_path", "pretrained_cfg", "pretrained_cfg_overlay", "cache_dir")


def load(name: str, arguments: Mapping[str, Any]) -> BuildableModel:
    """The timm model called `name`, such as resnet50 or resnet50.a1_in1k, built by timm.create_model.

    Raises:
        UsageError: timm is missing, it has no such model, or `arguments` ask for weights.
    """
    timm = import_library("timm", f"timm:{name}")
    _check_name(timm, name)
    given = without_weights(f"timm:{name}", arguments, WEIGHT_ARGUMENTS)
    config = timm.get_pretrained_cfg(name)
    note = ""
    inputs = DeclaredInputs()
    if config is not None and config.input_size:
        inputs = DeclaredInputs((_image(config.input_size, given),))
        note = f"The input {inputs} is assumed, from timm's configuration of {name}."
    return BuildableModel(partial(timm.create_model, name, **given), inputs, input_note=note)


def _check_name(timm: Any, name: str) -> None:
    """UsageError for a name that timm has not registered: timm would look for it on the hub."""
    architecture, dot, tag = name.partition(".")
    if not timm.is_model(architecture) or "/" in name or ":" in name:
        near = did_you_mean(architecture, timm.list_models())
        hint = f"timm.list_models('*{architecture[:20]}*') lists models." if not near else ""
        raise UsageError(f"timm has no model {name[:80]}{near}", hint=hint)
    tags = [name.partition(".")[2] for name in timm.list_models(f"{architecture}.*", pretrained=True)]
    if dot and tag not in tags:
        raise UsageError(f"timm has no weights {tag[:40]} for {architecture}{did_you_mean(tag, tags)}")


def _image(input_size: tuple[int, ...], arguments: Mapping[str, Any]) -> DeclaredTensor:
    """The image of timm's configuration, with the size and channels of the arguments."""
    channels, *size = input_size
    wanted = arguments.get("img_size", size)
    size = [wanted, wanted] if isinstance(wanted, int) else list(wanted or size)
    return DeclaredTensor("float32", (1, arguments.get("in_chans", channels), *size))
