"""Files that torch.onnx.export writes of a module, which cost what the module costs."""

import contextlib
import io
import warnings

import pytest
import torch
from tracing.sources.exported_models import MODELS, built

import convcost

pytest.importorskip("onnx", reason="onnx is not installed: pip install 'convcost[onnx]'")
pytest.importorskip("onnxscript", reason="torch.onnx.export needs onnxscript")

FUSES_CAUSALLY = {"transformer"}
"""Exporters write attention as products and a mask, in which nothing says that it is causal."""


def export(module, inputs, path, **options):
    """Write the module into a file; what exporters print is dropped."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(module, inputs, path, **{"opset_version": 18, **options})
    return str(path)


def export_as_it_is(module, inputs, path):
    """Without folding anything, by the exporter that traces."""
    preserve = torch.onnx.TrainingMode.PRESERVE
    return export(module, inputs, path, dynamo=False, training=preserve, do_constant_folding=False)


def assert_the_same(name, found, own):
    assert (found.macs, found.params) == (own.macs, own.params)
    assert found.valid_macs == (own.macs if name in FUSES_CAUSALLY else own.valid_macs)
    assert (found.output, found.trace.uncounted) == (own.output, ())


@pytest.mark.parametrize("name", MODELS)
def test_a_traced_module_costs_what_it_costs_itself(folder, name):
    module, inputs = built(name)
    own = convcost.profile(module, *inputs)
    found = convcost.cost(export_as_it_is(module, inputs, folder / "net.onnx"))
    assert_the_same(name, found, own)
    assert found.bias_adds == own.bias_adds


@pytest.mark.parametrize(
    "name", [name if name == "resnet" else pytest.param(name, marks=pytest.mark.slow) for name in MODELS]
)
def test_an_exported_program_costs_what_its_module_costs(folder, name):
    module, inputs = built(name)
    path = export(module, inputs, folder / "net.onnx", dynamo=True, optimize=False, verbose=False)
    assert_the_same(name, convcost.cost(path), convcost.profile(module, *inputs))


def test_a_norm_folded_into_a_convolution_leaves_a_bias(folder):
    module, inputs = built("resnet")
    own = convcost.profile(module, *inputs)
    found = convcost.cost(export(module, inputs, folder / "net.onnx", dynamo=False))
    channels = [part.num_features for part in module.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    assert found.params == own.params - sum(channels)
    assert found.macs == own.macs


def test_rows_are_named_as_the_modules_that_were_exported(folder):
    module, inputs = built("transformer")
    rows = convcost.cost(export_as_it_is(module, inputs, folder / "net.onnx")).rows
    paths = [row.path for row in rows if row.parameters]
    assert [path for path in paths if path.startswith(("embed", "blocks.0"))] == [
        *("embed", "blocks.0.norm1", "blocks.0.attn.qkv", "blocks.0.attn.proj"),
        *("blocks.0.norm2", "blocks.0.mlp.0", "blocks.0.mlp.2"),
    ]


def test_dynamic_axes_are_open_sizes(folder):
    module, inputs = built("u-net")
    options = {"input_names": ["image"], "dynamic_axes": {"image": {0: "batch", 2: "height"}}}
    path = export(module, inputs, folder / "net.onnx", dynamo=False, **options)
    found = convcost.cost(path)
    assert found.open_names == ("batch", "height")
    for batch, height in ((1, 32), (3, 64)):
        own = convcost.profile(module, torch.zeros(batch, 3, height, 32))
        assert convcost.cost(path, batch=batch, height=height).macs == own.macs
        assert found.subs(batch=batch, height=height).macs == own.macs


@pytest.mark.slow
def test_an_open_batch_of_an_exported_program_gives_a_formula(folder):
    module, inputs = built("vision transformer")
    shapes = {"x": {0: torch.export.Dim("batch")}}
    options = {"dynamic_shapes": shapes, "optimize": False, "verbose": False}
    found = convcost.cost(export(module, inputs, folder / "net.onnx", dynamo=True, **options))
    assert found.open_names == ("batch",)
    assert found.subs(batch=7).macs == convcost.profile(module, torch.zeros(7, 3, 32, 32)).macs
