"""ONNX files written by hand: nodes in text, tensors by name."""

import onnx
from onnx import TensorProto, helper


def value(name, shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def floats(name, *shape):
    """An initializer of zeros and a one, which is no uniform constant."""
    count = 1
    for size in shape:
        count *= size
    return helper.make_tensor(name, TensorProto.FLOAT, shape, [number % 7 for number in range(count)])


def integers(name, *numbers):
    return helper.make_tensor(name, TensorProto.INT64, (len(numbers),), numbers)


def node(text, **attributes):
    """`y = Conv(x, w)`, with a domain as in `y = com.microsoft.Gelu(x)`; a name for each node."""
    left, _, right = text.partition("=")
    op, _, inputs = right.strip().rstrip(")").partition("(")
    domain, _, op = op.rpartition(".")
    names = [name.strip() for name in inputs.split(",")] if inputs else []
    outputs = [name.strip() for name in left.split(",")]
    return helper.make_node(op, names, outputs, name=outputs[0], domain=domain, **attributes)


def graph(nodes, inputs=(), outputs=(), tensors=(), values=()):
    return helper.make_graph(nodes, "graph", inputs, outputs, tensors, value_info=values)


def write(path, nodes, inputs, outputs, tensors=(), values=(), opset=21, functions=()):
    """Write a file of these parts; its path as text."""
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    model = helper.make_model(
        graph(nodes, inputs, outputs, tensors, values), opset_imports=opsets, functions=functions
    )
    onnx.save(model, path)
    return str(path)
