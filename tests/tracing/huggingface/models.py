"""Published models, built and counted as the source hf does, and what FlopCounterMode says of them."""

import torch
from torch.utils.flop_counter import FlopCounterMode
from tracing.huggingface.encoder_configs import ENCODERS
from tracing.huggingface.language_configs import LANGUAGE_MODELS
from tracing.huggingface.vision_configs import VISION_MODELS

from convcost.tracing.module_call import ModuleCall
from convcost.tracing.profile import Profiler
from convcost.tracing.sources.huggingface.configuration import make_config
from convcost.tracing.sources.huggingface.default_inputs import default_inputs
from convcost.tracing.sources.huggingface.model_class import build, find_model_class
from convcost.tracing.target.construction import construct

PUBLISHED = {model.name: model for model in (*LANGUAGE_MODELS, *ENCODERS, *VISION_MODELS)}

LAYER_COUNTS = (
    *("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers"),
)


READ_DATA = (
    *("deberta-base", "deberta-v3-base", "longformer-base", "detr-resnet-50"),
    *("bart-base", "bart-large", "mbart-large-cc25"),
)
"""Their code reads masks or lengths, and fails on the meta device by itself."""


def reduced(config):
    """The configuration with two layers of each kind, in its parts too."""
    few = dict.fromkeys((name for name in LAYER_COUNTS if config.get(name, 0) > 2), 2)
    return few | {
        name: reduced(part) for name, part in config.items() if name in {"text_config", "vision_config"}
    }


def loaded(name, changes=None):
    """The configuration, its class and its inputs."""
    config = make_config(PUBLISHED[name].config, changes or {})
    model_class, _ = find_model_class(config)
    return config, model_class, default_inputs(config, model_class)


def built(name, changes=None, mode="constants"):
    config, model_class, _ = loaded(name, changes)
    return construct(lambda: build(model_class, config), mode).eval()


def report_of(name, changes=None, **inputs):
    """Counted on its default inputs, or on these."""
    module = built(name, changes)
    return Profiler().profile_call(
        ModuleCall(module, (), inputs or _inputs(name, changes, module, "cpu")), "cpu"
    )


def _inputs(name, changes, module, device):
    inputs = loaded(name, changes)[2]
    return ModuleCall(module, inputs.args, inputs.kwargs).with_tensors(device).kwargs


def counted_flops(name, changes=None, **inputs):
    """What FlopCounterMode counts on the meta device; for some models on data, with attention written out."""
    if name in READ_DATA:
        return _counted(built(name, changes, "real"), name, changes, "cpu", inputs)
    return _counted(built(name, changes, "meta"), name, changes, "meta", inputs)


def _counted(module, name, changes, device, inputs):
    if hasattr(module, "set_experts_implementation") and any(
        "experts" in n for n, _ in module.named_modules()
    ):
        module.set_experts_implementation("batched_mm")  # it has no formula for grouped products
    if device == "cpu":
        module.set_attn_implementation("eager")  # on a CPU it has no formula for attention
    inputs = {k: v.to(device) for k, v in inputs.items()} or _inputs(name, changes, module, device)
    module.requires_grad_(False)  # or it looks for gradients
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(**inputs)
    return counter.get_total_flops()
