"""Which class of transformers a configuration is for: the one in `architectures`, or that of a usual task."""

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
"""What a model without `architectures` is taken for, the first that it has a class for; or else no head."""


MOST_SUBMODULES = 200_000
"""Which take some ten seconds to build."""


def find_model_class(config: PreTrainedConfig) -> tuple[type[PreTrainedModel], str]:
    """The class, and a sentence where it is not the one that the configuration names; empty if it is.

    Raises UsageError for a configuration that is no whole model's.
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
            return found, _why(named, automatic.__name__, found.__name__)
    raise UsageError(f"transformers has no model for a {type(config).__name__} alone")


def _why(named: list[str], automatic: str, found: str) -> str:
    if named:
        return f"transformers has no {named[0][:80]} for this model: {found}, of {automatic}, is counted."
    return f"The configuration names no architecture: {found}, of {automatic}, is counted."


def build(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> torch.nn.Module:
    """The model, on the device and in the mode that are set, in the configuration's dtype.

    Raises UsageError for more submodules than can be built in a reasonable time, and for more data than
    there is memory.
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
    """UsageError where the weights take more than the machine's memory, found on the meta device."""
    with torch.device("meta"):
        module = _from_config(model_class, deepcopy(config))
    needed = bytes_of([*module.parameters(), *module.buffers()])
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else needed
    if needed > memory:
        raise UsageError(
            f"its weights take {needed / 1e9:.1f} GB, and this machine has {memory / 1e9:.1f} GB"
        )
