"""Torchvision's classification models against the figures that torchvision publishes with their weights.

Needs torchvision, which asks for a torch of its own: outside the default run.
"""

import pytest
import torch

from convcost.tracing.profile import profile

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

models = pytest.importorskip(
    "torchvision.models", reason="torchvision is not installed", exc_type=ImportError
)

PUBLISHED_WITHOUT_AUXILIARY_HEADS = {"googlenet": {"aux_logits": False, "init_weights": False}}
INITIALISED_SLOWLY = {"inception_v3": {"init_weights": False}}
OPTIONS = {**PUBLISHED_WITHOUT_AUXILIARY_HEADS, **INITIALISED_SLOWLY}


def weights():
    return [
        (name, entry)
        for name in models.list_models(module=models)
        for entry in models.get_model_weights(name)
    ]


def built(name, size):
    options = dict(OPTIONS.get(name, {}))
    if name.startswith("vit_"):
        options["image_size"] = size
    try:
        with torch.device("meta"):
            return models.get_model(name, **options)
    except NotImplementedError:
        return models.get_model(name, **options)


@pytest.mark.parametrize(("name", "entry"), weights(), ids=lambda value: getattr(value, "name", value))
def test_a_model_costs_what_torchvision_publishes(name, entry):
    size = entry.transforms().crop_size[0]
    report = profile(built(name, size).eval(), torch.empty(1, 3, size, size, device="meta"))
    published = entry.meta["num_params"], f"{entry.meta['_ops']:.3f}"
    assert (report.params, f"{report.macs / 1e9:.3f}", report.trace.uncounted) == (*published, ())
