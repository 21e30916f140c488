"""Default inputs of a transformers model, guessed from its configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

TOKENS = 128

IMAGE_SIDE = 224

FRAMES = 16
"""Frames of a video."""

SAMPLES = 16_000
"""Samples of audio: one second."""

SPEECH_FRAMES = 1_000
"""Frames of a spectrogram: ten seconds, one every 10 ms."""

MEL_BINS = 80

PART_INPUTS = {
    "text_config": ("input_ids",),
    "vision_config": ("pixel_values",),
    "audio_config": ("input_features", "input_values"),
}
"""Inputs of models with several encoders, such as CLIP, by part of the configuration."""

PLACEHOLDER = re.compile(r"(image|video|audio|speech)_token_(id|index)")
"""Fields of models in which some tokens of the text are placeholders for an image or audio."""


def default_inputs(config: PreTrainedConfig, model_class: type[PreTrainedModel]) -> DeclaredInputs:
    """Inputs with batch size 1 for all that forward requires; none if one of them is unknown.

    A model that reads images or audio as tokens of a text gets only text.
    """
    guesses = {name: _guess(name, config) for name in _names(config, model_class)}
    known = {name: guess for name, guess in guesses.items() if guess is not None}
    return DeclaredInputs((), known if len(known) == len(guesses) else {})


def forward_names(model_class: type[PreTrainedModel]) -> tuple[str, ...]:
    """The names of forward's arguments, in order."""
    return tuple(name for name in signature(model_class.forward).parameters if name != "self")


def complete_inputs(
    defaults: DeclaredInputs, model_class: type[PreTrainedModel], declared: DeclaredInputs
) -> DeclaredInputs:
    """`declared`, completed from `defaults` with the batch size of the declared inputs."""
    given = {*declared.kwargs, *forward_names(model_class)[: len(declared.args)]}
    shape = declared.all[0].shape
    missing = {
        name: declared_input._replace(shape=(*shape[:1], *declared_input.shape[1:]))
        for name, declared_input in defaults.kwargs.items()
        if name not in given
    }
    return DeclaredInputs(declared.args, {**declared.kwargs, **missing})


def _names(config: PreTrainedConfig, model_class: type[PreTrainedModel]) -> list[str]:
    parameters = signature(model_class.forward).parameters
    names = [name for name, parameter in parameters.items() if name != "self" and _is_required(parameter)]
    if has_multimodal_tokens(config) and "input_ids" in parameters:
        names.append("input_ids")
    else:
        names.append(model_class.main_input_name)
        for part, own in PART_INPUTS.items():
            names += [name for name in own if name in parameters and _field(config, part) is not None]
    if "decoder_input_ids" in parameters and config.is_encoder_decoder:
        names.append("decoder_input_ids")
    return [*dict.fromkeys(names)]


def has_multimodal_tokens(config: PreTrainedConfig) -> bool:
    """Whether images or audio are tokens of its text."""
    return any(map(PLACEHOLDER.fullmatch, vars(config)))


def _is_required(parameter: Parameter) -> bool:
    is_named = parameter.kind in {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}
    return is_named and parameter.default is Parameter.empty


def _guess(name: str, config: PreTrainedConfig) -> DeclaredTensor | None:
    if name not in SHAPES:
        return None
    shape = SHAPES[name](config)
    return DeclaredTensor("int64" if name in TOKEN_INPUTS else "", shape)


def _tokens(config: PreTrainedConfig) -> tuple[int, ...]:
    return 1, _length(config, "max_position_embeddings", "n_positions")


def _decoder_tokens(config: PreTrainedConfig) -> tuple[int, ...]:
    return 1, _length(config, "max_target_positions", "max_position_embeddings")


def _length(config: PreTrainedConfig, *limits: str) -> int:
    """The number of the model's positions, but at most TOKENS."""
    found = (_number(config, name) for name in limits)
    return min(TOKENS, next((positions for positions in found if positions), TOKENS))


def _boxes(config: PreTrainedConfig) -> tuple[int, ...]:
    return (*_tokens(config), 4)


def _image(config: PreTrainedConfig) -> tuple[int, ...]:
    """[1, channels, height, width], or [1, frames, channels, height, width] for a video model."""
    frames, channels = _number(config, "num_frames"), _number(config, "num_channels") or 3
    size = _field(config, "image_size")
    height, width = size if isinstance(size, list | tuple) and len(size) == 2 else (size, size)
    sides = tuple(side if isinstance(side, int) and side > 0 else IMAGE_SIDE for side in (height, width))
    return (1, frames, channels, *sides) if frames else (1, channels, *sides)


def _video(config: PreTrainedConfig) -> tuple[int, ...]:
    shape = _image(config)
    return shape if len(shape) == 5 else (1, FRAMES, *shape[1:])


def _features(config: PreTrainedConfig) -> tuple[int, ...]:
    """A spectrogram: [1, bins, frames] for Whisper and the like, [1, frames, bins] for others."""
    bins = _number(config, "num_mel_bins")
    positions = _number(config, "max_source_positions")
    if bins and positions and _number(config, "input_feat_per_channel") is None:
        return 1, bins, 2 * positions
    own = _number(config, "input_feat_per_channel") or _number(config, "feature_projection_input_dim")
    return 1, SPEECH_FRAMES, own or bins or MEL_BINS


def _sound(config: PreTrainedConfig) -> tuple[int, ...]:
    """[1, samples], or [1, frames, bins] for a spectrogram transformer."""
    if config.model_type == "audio-spectrogram-transformer":
        return 1, _number(config, "max_length") or SPEECH_FRAMES, _number(config, "num_mel_bins") or MEL_BINS
    return 1, SAMPLES


SHAPES: Mapping[str, Callable[[PreTrainedConfig], tuple[int, ...]]] = {
    "input_ids": _tokens,
    "decoder_input_ids": _decoder_tokens,
    "bbox": _boxes,
    "pixel_values": _image,
    "pixel_values_videos": _video,
    "input_features": _features,
    "input_values": _sound,
}
"""The shape of each known input, by its name in forward."""

TOKEN_INPUTS = ("input_ids", "decoder_input_ids", "bbox")


def _number(config: Any, name: str) -> int | None:
    found = _field(config, name)
    return found if isinstance(found, int) and found > 0 else None


def _field(config: Any, name: str) -> Any:
    """The field of a configuration, or of its first part that has it; None if there is no such field."""
    found = getattr(config, name, None)
    parts = iter(getattr(config, "sub_configs", ()))
    while found is None and (part := next(parts, None)):
        found = _field(getattr(config, part, None), name)
    return found
