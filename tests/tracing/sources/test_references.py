"""Texts that name a model by a source, told from designs and from places of the user's own modules."""

import pytest

from convcost.core.errors import ConvcostError
from convcost.tracing.declared_inputs import parse_inputs
from convcost.tracing.sources.interface import SourceReference
from convcost.tracing.sources.reference import is_reference
from convcost.tracing.target.module_text import is_module_text, parse_module_text


@pytest.mark.parametrize(
    ("text", "reference", "inputs", "arguments"),
    [
        ("timm:resnet50", SourceReference("resnet50", "timm"), None, {}),
        (" timm : vit.tag_in1k ", SourceReference("vit.tag_in1k", "timm"), None, {}),
        ("net = timm:resnet50", SourceReference("resnet50", "timm", "", "net"), None, {}),
        ("timm:resnet50()", SourceReference("resnet50", "timm"), None, {}),
        ("timm:r(act='a->b:c', n=1)", SourceReference("r", "timm"), None, {"act": "a->b:c", "n": 1}),
        ("f32[B,3,64,64] -> timm:r", SourceReference("r", "timm"), ["f32[B,3,64,64]"], {}),
        ("a = (x=[1,3]) → timm:r(k=2)", SourceReference("r", "timm", "", "a"), ["x=[1,3]"], {"k": 2}),
    ],
)  # fmt: skip
def test_a_reference_has_a_label_inputs_a_name_and_arguments(text, reference, inputs, arguments):
    assert is_reference(text)
    assert is_module_text(text)
    declared = None if inputs is None else parse_inputs(inputs)
    assert parse_module_text(text) == (reference, declared, arguments)


@pytest.mark.parametrize(
    ("text", "path", "title"),
    [
        ("net.pt2", "net.pt2", "net"),
        ("a folder/net (1).PT2", "a folder/net (1).PT2", "net (1)"),
        ("C:\\models\\net.gguf", "C:\\models\\net.gguf", "net"),
        ("../m.safetensors.index.json", "../m.safetensors.index.json", "m"),
        ("f32[1,3] -> ./lr=0.1/net.pt2", "./lr=0.1/net.pt2", "net"),
        ("a.b.safetensors()", "a.b.safetensors", "a.b"),
    ],
)
def test_a_file_is_named_by_its_path(text, path, title):
    found = parse_module_text(text).place
    assert (found.name, found.title, found.prefix) == (path, title, "")


def test_a_file_may_have_a_label():
    assert parse_module_text("net = runs/net.pt2").place.label == "net"


@pytest.mark.parametrize(
    "text",
    [
        "Linear(3, 4)",
        "resnet50",
        "timm.models:resnet50",
        "timmm:resnet50",
        "net.py:Net(backbone='timm:resnet50')",
        "Conv1d(1, 1, 1, padding='timm:a')",
        "[1, 3] -> x + (Linear(3, 3))",
        "./timm:resnet50",
    ],
)
def test_other_texts_are_no_references(text):
    assert not is_reference(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timm:r(10)", "timm:r(10): a module's arguments are given by name"),
        ("timm:r(k=", "timm:r(k=: its arguments can't be read"),
        ("timm:r(k=2) x 3", "timm:r(k=2) x 3: its arguments can't be read"),
        ("-> timm:r", "-> timm:r: the input before the arrow is missing"),
        (
            "[1] -> Linear(1, 1) -> timm:r",
            "[1] -> Linear(1, 1) -> timm:r: a torch module can't be part of a chain",
        ),
    ],
)
def test_what_is_wrong_around_a_reference_is_said(text, message):
    with pytest.raises(ConvcostError) as error:
        parse_module_text(text)
    assert str(error.value).partition("\n")[0] == message
