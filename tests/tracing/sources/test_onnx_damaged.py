"""ONNX files that are cut short, changed, hostile or huge: a sentence, no crash, and little memory."""

import os
import random
import tracemalloc

import pytest
from cli_runner import convcost, refused

import convcost as library
from convcost.core.errors import ConvcostError
from convcost.tracing.sources.onnx_files.wire_format import DamagedFileError, without_large_values

pytest.importorskip("onnx", reason="onnx is not installed: pip install 'convcost[onnx]'")

import onnx
from onnx import TensorProto, helper
from tracing.sources.onnx_graphs import floats, graph, integers, node, value, write

GRAPH_OF_MODEL, NODE_OF_GRAPH, ATTRIBUTE_OF_NODE, GRAPH_OF_ATTRIBUTE = b"\x3a", b"\x0a", b"\x2a", b"\x32"

TENSOR_OF_GRAPH, ELEMENTS_OF_TENSOR = b"\x2a", b"\x4a"
"""What stands in front of a message within another, as protocol buffers have it."""

CHANGES = [20, pytest.param(300, marks=pytest.mark.slow)]


@pytest.fixture
def model(folder):
    """A file with a bit of everything."""
    nodes = [
        node("c = Conv(x, w, b)", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("r = Relu(c)"),
        node("s = Shape(r)", start=0, end=2),
        node("t = Concat(s, rest)", axis=0),
        node("f = Reshape(r, t)"),
        node("m = MatMul(f, v)"),
        node("y = Softmax(m)", axis=-1),
    ]
    tensors = [floats("w", 4, 3, 3, 3), floats("b", 4), integers("rest", -1), floats("v", 16, 5)]
    return write(folder / "net.onnx", nodes, [value("x", ["n", 3, 8, 8])], [value("y", ["n", 4, 5])], tensors)


def counted_or_refused(path):
    """Whether it can be counted; anything but a refusal is raised."""
    try:
        library.cost(f"f32[2,3,8,8] -> {path}")
    except ConvcostError:
        return False
    return True


def test_the_file_is_counted_as_it_is(model):
    report = library.cost(model)
    assert (report.open_names, report.subs(n=3).macs) == (("n",), 3 * (16 * 108 + 4 * 80))


def test_what_is_no_model_is_said(folder, model):
    with open(model, "rb") as file:
        whole = file.read()
    for content, reason in (
        (b"", "the file is empty"),
        (b"#!/bin/sh\necho hello\n", "not a protocol buffer"),
        (whole[: len(whole) // 2], "truncated"),
        (b"\x00" * 1000, "not a protocol buffer"),
    ):
        (folder / "bad.onnx").write_bytes(content)
        message = refused("cost", "bad.onnx")
        assert "bad.onnx is not an ONNX model, or is damaged: " in message
        assert reason in message
    assert "there is no file none.onnx" in refused("cost", "none.onnx")
    (folder / "folder.onnx").mkdir()
    assert "folder.onnx is a folder, not a file" in refused("cost", "folder.onnx")
    os.mkfifo(folder / "pipe.onnx")
    assert "pipe.onnx is not a regular file" in refused("cost", "pipe.onnx")


@pytest.mark.parametrize("changes", CHANGES)
def test_bytes_that_are_changed_or_cut_off(folder, model, changes):
    with open(model, "rb") as file:
        whole = file.read()
    generator = random.Random(1)
    counted = 0
    for _ in range(changes):
        changed = bytearray(whole)
        if generator.random() < 0.3:
            del changed[generator.randrange(len(changed)) :]
        for _ in range(generator.randrange(4)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        (folder / "changed.onnx").write_bytes(bytes(changed))
        counted += counted_or_refused(folder / "changed.onnx")
    assert counted


@pytest.mark.parametrize("changes", CHANGES)
def test_graphs_that_are_changed(folder, model, changes):
    """Operators, inputs, attributes and shapes of others in their places."""
    generator = random.Random(2)
    numbers = [0, -1, 1, 2, 7, 2**40]
    others = [
        "Loop",
        "If",
        "Scan",
        "Resize",
        "Pad",
        "Slice",
        "TopK",
        "ConvTranspose",
        "MaxPool",
        "LSTM",
        "Split",
    ]
    for _ in range(changes):
        changed = onnx.load(model)
        chosen = generator.choice(changed.graph.node)
        match generator.randrange(5):
            case 0:
                chosen.op_type = generator.choice(others)
            case 1:
                chosen.input[0] = generator.choice(("x", "w", "rest", ""))
            case 2:
                chosen.input.append(generator.choice(("w", "rest", "")))
            case 3:
                for attribute in chosen.attribute:
                    attribute.ints[:] = [generator.choice(numbers) for _ in attribute.ints]
                    attribute.i = generator.choice(numbers)
            case 4:
                stored = generator.choice(changed.graph.initializer)
                stored.dims[:] = [generator.choice(numbers) for _ in range(generator.randrange(5))]
        onnx.save(changed, folder / "changed.onnx")
        counted_or_refused(folder / "changed.onnx")


def test_graphs_that_are_nested_without_end(folder):
    bomb = b""
    for _ in range(3000):
        for tag in (GRAPH_OF_ATTRIBUTE, ATTRIBUTE_OF_NODE, NODE_OF_GRAPH):
            bomb = tag + _length(len(bomb)) + bomb
    (folder / "bomb.onnx").write_bytes(GRAPH_OF_MODEL + _length(len(bomb)) + bomb)
    assert "nested too deeply" in refused("cost", "bomb.onnx")


def _length(number):
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*written, number))


def test_the_weights_of_a_large_file_are_not_read(folder):
    """A file of 3 GiB, most of which is one tensor that a disk holds no byte of."""
    size, rows = 3 * 2**30, 2**15
    inputs = [value("x", [1, rows])]
    nodes = graph([node("y = MatMul(x, w)")], inputs, [value("y", None)]).SerializeToString()
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[rows, size // 4 // rows])
    stored = tensor.SerializeToString() + ELEMENTS_OF_TENSOR + _length(size)
    nodes += TENSOR_OF_GRAPH + _length(len(stored) + size) + stored
    opset = onnx.ModelProto(opset_import=[helper.make_opsetid("", 21)]).SerializeToString()
    start = opset + GRAPH_OF_MODEL + _length(len(nodes) + size) + nodes
    path = folder / "huge.onnx"
    with open(path, "wb") as file:
        file.write(start)
        file.truncate(len(start) + size)
    library.cost("Linear(1, 1)")
    tracemalloc.start()
    found = library.cost(str(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.params == size // 4
    assert found.macs == size // 4
    assert peak < 2**28


def test_tensors_beside_the_file_need_not_be_there(folder):
    tensor = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[8, 5], data_location=TensorProto.EXTERNAL
    )
    tensor.external_data.add(key="location", value="../../gone.bin")
    path = write(
        folder / "net.onnx", [node("y = MatMul(x, w)")], [value("x", [2, 8])], [value("y", None)], [tensor]
    )
    assert (library.cost(path).params, library.cost(path).macs) == (40, 80)


def test_the_wire_format_is_copied_as_it_is_where_nothing_is_large(model):
    with open(model, "rb") as file:
        data = file.read()
    copied = onnx.load_model_from_string(without_large_values(memoryview(data)))
    assert copied == onnx.load_model_from_string(data)
    with pytest.raises(DamagedFileError):
        without_large_values(memoryview(data[:-1]))


def test_without_the_library_it_is_said_what_to_install(model, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    message = refused("cost", model)
    assert "needs onnx: pip install 'convcost[onnx]'" in message
    assert convcost("cost", "Linear(2, 2)").code == 0
