"""torchvision:NAME: models of torchvision, without weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from inspect import signature
from typing import Any

from convcost.core.errors import UsageError, did_you_mean
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor
from convcost.tracing.sources.interface import BuildableModel
from convcost.tracing.sources.libraries import import_library, without_weights

WEIGHT_ARGUMENTS = ("weights", "weights_backbone", "pretrained", "pretrained_backbone")

DEFAULTS: dict[str, Any] = {"weights": None, "weights_backbone": None, "init_weights": False}
"""Arguments for builders that have them: no weights, and no slow initialization."""

IMAGE_SIZE = 224
"""The image size if torchvision states none. Source: the usual crop for ImageNet."""

DETECTION_SIZE = 800
"""torchvision's detection models resize an image to a shorter side of 800. Source: min_size of FasterRCNN."""

FLOW_SIZE = (520, 960)
"""A pair of frames for optical flow. Source: FlyingThings3D's frames, 540 x 960, cut to multiples of 8."""

CLIP_FRAMES = 16
"""Frames of a clip. Source: torchvision's training of r3d_18 and mvit_v1_b, clip_len=16."""


def load(name: str, arguments: Mapping[str, Any]) -> BuildableModel:
    """The torchvision model called `name`, such as resnet50 or fasterrcnn_resnet50_fpn.

    Raises:
        UsageError: torchvision is missing, it has no such model, or `arguments` ask for weights.
    """
    models = import_library("torchvision", f"torchvision:{name}").models
    known = models.list_models()
    if name not in known:
        raise UsageError(f"torchvision has no model {name[:80]}{did_you_mean(name, known)}")
    given = without_weights(f"torchvision:{name}", arguments, WEIGHT_ARGUMENTS)
    build = models.get_model_builder(name)
    defaults = {key: value for key, value in DEFAULTS.items() if key in signature(build).parameters}
    inputs, source = _default_inputs(name, build.__module__, list(models.get_model_weights(name)), given)
    note = f"The input {inputs} is assumed, {source}."
    return BuildableModel(partial(build, **{**defaults, **given}), inputs, input_note=note)


def _default_inputs(
    name: str, family: str, weights: list[Any], arguments: Mapping[str, Any]
) -> tuple[DeclaredInputs, str]:
    """The default inputs of a model, and their source."""
    if ".detection." in family:
        found = re.match(r"[a-z]+(\d{3})_", name)
        side = int(found[1]) if found else DETECTION_SIZE
        return _images((side, side)), "as torchvision's detection models resize images to about this size"
    if ".optical_flow." in family:
        return _images(FLOW_SIZE, 2), "a usual pair of frames for optical flow"
    transforms = [weight.transforms() for weight in weights]
    crop = min(_sizes(transforms), default=(IMAGE_SIZE, IMAGE_SIZE))
    wanted = arguments.get("image_size")
    size = (wanted, wanted) if isinstance(wanted, int) else crop
    source = f"from the transforms of torchvision's weights of {name}"
    if ".video." in family:
        frames = max((weight.meta.get("min_temporal_size", 1) for weight in weights), default=1)
        return _images((max(frames, CLIP_FRAMES), *size)), source
    return _images(size), source


def _sizes(transforms: list[Any]) -> Iterator[tuple[int, int]]:
    """The image size after each of the transforms."""
    for transform in transforms:
        size = getattr(transform, "crop_size", None) or getattr(transform, "resize_size", None)
        if size:
            yield (size[0], size[-1])


def _images(size: tuple[int, ...], number: int = 1) -> DeclaredInputs:
    return DeclaredInputs((DeclaredTensor("float32", (1, 3, *size)),) * number)
