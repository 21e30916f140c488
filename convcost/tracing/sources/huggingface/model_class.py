"""Find and build the transformers class for a configuration."""

from __future__ import annotations

import os
from copy import deepcopy
from itertools import count
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules.module import register_module_module_registration_hook

from convcost.core.errors import UsageError
from convcost.tracing.tensors import bytes_of

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

TASKS = ("SpeechSeq2Seq", "Seq2SeqLM", "MaskedLM", "CausalLM")
"""Tasks to try, in order, for a configuration without `architectures`; then the base model."""

MOST_SUBMODULES = 200_000
"""A limit on build time: this many take about ten seconds."""


def find_model_class(config: PreTrainedConfig) -> tuple[type[PreTrainedModel], str]:
    """The class for a configuration, and a note if it is not the one that the configuration names.

    Raises:
        UsageError: The configuration is for a part of a model, not for a model.
    """
    import transformers
    from transformers import PreTrainedModel

    named = [name for name in config.architectures or () if isinstance(name, str)]
    for name in named:
        found: Any = getattr(transformers, name, None)
        is_model = isinstance(found, type) and issubclass(found, PreTrainedModel)
        if is_model and isinstance(config, found.config_class or ()):
            return found, ""
    for task in (*TASKS, ""):
        automatic: Any = getattr(transformers, f"AutoModelFor{task}" if task else "AutoModel")
        if type(config) in automatic._model_mapping:
            found = automatic._model_mapping[type(config)]
            found = found[0] if isinstance(found, tuple) else found
            return found, _fallback_note(named, automatic.__name__, found.__name__)
    raise UsageError(f"transformers has no model for a bare {type(config).__name__}")


def _fallback_note(named: list[str], automatic: str, found: str) -> str:
    if named:
        return f"transformers has no {named[0][:80]} for this model: counted as {found} ({automatic})."
    return f"The configuration names no architecture: counted as {found} ({automatic})."


def build(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> torch.nn.Module:
    """Build the model on torch's current device, in the configuration's dtype.

    Raises:
        UsageError: The model has too many submodules, or its weights don't fit in memory.
    """
    if not torch.empty(0).is_meta:
        _check_memory(model_class, config)
    counter = count(1)

    def check(*_: Any) -> None:
        if next(counter) > MOST_SUBMODULES:
            raise UsageError(
                f"a {model_class.__name__} has more than {MOST_SUBMODULES:,} submodules, the limit"
            )

    with register_module_module_registration_hook(check):
        return _from_config(model_class, config)


def _from_config(model_class: Any, config: PreTrainedConfig) -> torch.nn.Module:
    made: torch.nn.Module = model_class._from_config(config)  # as AutoModel.from_config calls it
    return made


def _check_memory(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> None:
    """UsageError if the weights take more than the machine's memory; measured on the meta device."""
    with torch.device("meta"):
        module = _from_config(model_class, deepcopy(config))
    needed = bytes_of([*module.parameters(), *module.buffers()])
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else needed
    if needed > memory:
        raise UsageError(
            f"its weights take {needed / 1e9:.1f} GB, and this machine has {memory / 1e9:.1f} GB"
        )
