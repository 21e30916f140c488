"""ONNX graphs that are written by hand: what counts, what is named, what is refused."""

import pytest
from cli_runner import convcost, refused

import convcost as library
from convcost.core.errors import ConvcostError
from convcost.tracing.sources.onnx_files import graph_reader

pytest.importorskip("onnx", reason="onnx is not installed: pip install 'convcost[onnx]'")

from onnx import TensorProto, helper
from tracing.sources.onnx_graphs import floats, graph, integers, node, value, write

IMAGE = value("x", [1, 3, 8, 8])
ANY = value("y", None)


def cost_of(folder, nodes, tensors=(), inputs=(IMAGE,), outputs=(ANY,), sizes=None, **parts):
    return library.cost(write(folder / "net.onnx", nodes, inputs, outputs, tensors, **parts), **(sizes or {}))


def refusal_of(folder, *args, **parts):
    with pytest.raises(ConvcostError) as caught:
        cost_of(folder, *args, **parts)
    return str(caught.value)


def test_a_convolution_with_its_bias(folder):
    found = cost_of(
        folder, [node("y = Conv(x, w, b)", pads=[1, 1, 1, 1])], [floats("w", 4, 3, 3, 3), floats("b", 4)]
    )
    assert (found.macs, found.valid_macs) == (4 * 3 * 9 * 64, 4 * 3 * 22 * 22)
    assert (found.bias_adds, found.params, found.activations) == (256, 4 * 27 + 4, 256)
    assert found.output == (1, 4, 8, 8)


@pytest.mark.parametrize(
    ("attributes", "length"),
    [
        ({"pads": [0, 1, 2, 1]}, (8, 8)),
        ({"auto_pad": "SAME_UPPER", "strides": [3, 3]}, (3, 3)),
        ({"auto_pad": "SAME_LOWER", "strides": [2, 1], "dilations": [2, 2]}, (4, 8)),
        ({"auto_pad": "VALID"}, (6, 6)),
    ],
)
def test_padding_of_each_kind(folder, attributes, length):
    found = cost_of(folder, [node("y = Conv(x, w)", **attributes)], [floats("w", 4, 3, 3, 3)])
    assert found.output == (1, 4, *length)
    assert found.macs == 4 * 27 * length[0] * length[1]


@pytest.mark.parametrize(
    ("attributes", "length"),
    [
        ({"strides": [2, 2], "pads": [1, 0, 0, 1]}, (16, 16)),
        ({"strides": [2, 2], "output_shape": [16, 17]}, (16, 17)),
        ({"strides": [2, 2], "output_shape": [18, 18], "output_padding": [1, 1]}, (18, 18)),
        ({"strides": [3, 3], "auto_pad": "SAME_UPPER"}, (24, 24)),
    ],
)
def test_a_transposed_convolution_multiplies_where_its_input_is(folder, attributes, length):
    found = cost_of(folder, [node("y = ConvTranspose(x, w)", **attributes)], [floats("w", 3, 4, 3, 3)])
    assert found.output == (1, 4, *length)
    assert found.macs == 64 * 3 * 4 * 9


def test_a_product_and_the_vector_that_is_added_are_one_linear_layer(folder):
    nodes = [node("p = MatMul(x, w)"), node("y = Add(b, p)")]
    found = cost_of(folder, nodes, [floats("w", 8, 5), floats("b", 5)])
    assert (found.macs, found.bias_adds, found.elementwise) == (24 * 40, 24 * 5, 0)
    [row] = found.rows
    assert (row.kind, row.params) == ("MatMul + Add", 45)


def test_which_tensors_are_parameters(folder):
    nodes = [
        node("n = BatchNormalization(x, scale, shift, mean, variance)"),
        node("r = Reshape(n, shape)"),
        node("q = DequantizeLinear(weight, step, zero)"),
        node("m = MatMul(r, q)"),
        node("a = Mul(m, val_3)"),
        node("y = Add(a, temperature)"),
    ]
    tensors = [
        *(floats(name, 3) for name in ("scale", "shift", "mean", "variance")),
        integers("shape", 1, 192),
        helper.make_tensor("weight", TensorProto.INT8, (192, 4), [1] * 768),
        helper.make_tensor("step", TensorProto.FLOAT, (), [0.5]),
        helper.make_tensor("zero", TensorProto.INT8, (), [0]),
        helper.make_tensor("val_3", TensorProto.FLOAT, (), [2.0]),
        helper.make_tensor("temperature", TensorProto.FLOAT, (), [2.0]),
        floats("unused", 5),
    ]
    found = cost_of(folder, nodes, tensors)
    assert found.params == 3 + 3 + 768 + 1 + 5
    assert found.bytes == (192 + 6 + 1 + 5 + 4) * 4 + 768
    assert found.trace.unused == ("unused",)


def test_a_parameter_of_two_nodes_counts_once(folder):
    nodes = [node("a = MatMul(x, w)"), node("y = MatMul(a, w)")]
    found = cost_of(folder, nodes, [floats("w", 8, 8)])
    assert (found.params, found.macs) == (64, 2 * 24 * 64)


def test_an_operator_that_is_not_known_is_named(folder):
    nodes = [node("a = own.Fancy(x)"), node("y = Relu(a)")]
    found = cost_of(folder, nodes, values=[value("a", [1, 6, 8, 8])])
    assert [(call.path, call.operator, call.inputs) for call in found.trace.uncounted] == [
        ("a", "own::Fancy", ((1, 3, 8, 8),))
    ]
    assert found.output == (1, 6, 8, 8)
    shown = convcost("cost", str(folder / "net.onnx"))
    assert "own::Fancy" in shown.out


def test_without_its_shape_an_unknown_operator_ends_it(folder):
    message = refusal_of(folder, [node("y = own.Fancy(x)")])
    assert (
        "net.onnx could not be run on (1, 3, 8, 8): the node y (own.Fancy) can't be counted: "
        "the operator own.Fancy and its output shape are unknown"
    ) in message
    assert "Add the shapes of all values to the file" in message


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        (
            [node("y = NonZero(x)")],
            "its number of outputs depends on data, so its output shape is unknown",
        ),
        (
            [node("i = Cast(x)", to=TensorProto.INT64), node("y = Reshape(x, i)")],
            "its input 2 depends on data, so its output shape is unknown",
        ),
    ],
)
def test_what_data_decides_is_not_guessed(folder, nodes, reason):
    assert reason in refusal_of(folder, nodes)


def test_of_an_if_the_costlier_branch_counts(folder):
    branches = {
        "then_branch": graph([node("t = MatMul(x, w)")], (), [value("t", None)]),
        "else_branch": graph([node("e = Relu(x)")], (), [value("e", None)]),
    }
    condition = value("c", [], TensorProto.BOOL)
    found = cost_of(folder, [node("y = If(c)", **branches)], [floats("w", 8, 8)], (IMAGE, condition))
    assert (found.macs, found.params) == (24 * 64, 64)
    [conditional] = found.trace.conditionals
    assert (conditional.true.macs, conditional.false.macs, conditional.counted) == (24 * 64, 0, True)


def test_a_condition_that_is_known_chooses_the_branch(folder):
    branches = {
        "then_branch": graph([node("t = MatMul(x, w)")], (), [value("t", None)]),
        "else_branch": graph([node("e = Relu(x)")], (), [value("e", None)]),
    }
    nodes = [node("s = Shape(x)", start=0, end=1), node("c = Equal(s, two)"), node("y = If(c)", **branches)]
    found = cost_of(folder, nodes, [floats("w", 8, 8), integers("two", 2)])
    assert (found.macs, found.elementwise) == (0, 192)


def loop_body():
    condition, step = value("go", [], TensorProto.BOOL), value("i", [], TensorProto.INT64)
    nodes = [node("out = MatMul(state, w)"), node("again = Identity(go)"), node("kept = Relu(out)")]
    outputs = [value("again", [], TensorProto.BOOL), value("out", None), value("kept", None)]
    return graph(nodes, [step, condition, value("state", None)], outputs)


def test_a_loop_runs_as_often_as_it_states(folder):
    nodes = [node("last, y = Loop(n, , x)", body=loop_body())]
    found = cost_of(folder, nodes, [floats("w", 8, 8), integers("n", 5)])
    assert (found.macs, found.output) == (5 * 24 * 64, (5, 1, 3, 8, 8))
    assert found.params == 64


def test_a_loop_whose_trips_data_decides_counts_one_and_says_so(folder):
    body = loop_body()
    del body.output[2]
    inputs = (IMAGE, value("n", [1], TensorProto.INT64))
    found = cost_of(folder, [node("y = Loop(n, , x)", body=body)], [floats("w", 8, 8)], inputs)
    assert found.macs == 24 * 64
    [call] = found.trace.uncounted
    assert call.reason == "one trip is counted, since the number of trips depends on data"


def test_a_scan_has_a_step_for_each_slice(folder):
    nodes = [node("b = Add(a, s)"), node("o = MatMul(b, w)")]
    body = graph(nodes, [value("a", None), value("s", None)], [value("b", None), value("o", None)])
    inputs = (value("x", [6, 2, 8]), value("start", [2, 8]))
    scan = node("last, y = Scan(start, x)", body=body, num_scan_inputs=1)
    found = cost_of(folder, [scan], [floats("w", 8, 4)], inputs)
    assert (found.macs, found.output) == (6 * 2 * 32, (6, 2, 4))


def test_functions_of_the_file_are_counted_where_they_are_called(folder):
    opset = [helper.make_opsetid("", 21), helper.make_opsetid("own", 1)]
    nodes = [node("p = MatMul(a, m)")]
    softmax = helper.make_node("Softmax", ["p"], ["r"], name="soft")
    softmax.attribute.append(onnx_reference("axis", "dim"))
    inner = helper.make_function("own", "Inner", ["a", "m"], ["r"], [*nodes, softmax], opset, ["dim"])
    outer = helper.make_function(
        "own", "Outer", ["a", "m"], ["q"], [node("q = own.Inner(a, m)", dim=1)], opset
    )
    calls = [node("h = own.Outer(x, w)"), node("y = own.Outer(h, w)")]
    found = cost_of(folder, calls, [floats("w", 8, 8)], functions=[inner, outer])
    assert (found.macs, found.params) == (2 * 24 * 64, 64)
    assert {row.path for row in found.rows if row.cost.macs} == {"h.q.p", "y.q.p"}


def onnx_reference(name, function_attribute):
    found = helper.make_attribute(name, 0)
    found.ref_attr_name = function_attribute
    return found


def test_a_function_that_calls_itself_ends_it(folder):
    opset = [helper.make_opsetid("", 21), helper.make_opsetid("own", 1)]
    again = helper.make_function("own", "Again", ["a"], ["r"], [node("r = own.Again(a)")], opset)
    assert "nested more than 30 deep" in refusal_of(folder, [node("y = own.Again(x)")], functions=[again])


def test_functions_that_double_end_it(folder, monkeypatch):
    monkeypatch.setattr(graph_reader, "MOST_NODES", 1000)
    opset = [helper.make_opsetid("", 21), helper.make_opsetid("own", 1)]
    functions = [helper.make_function("own", "F0", ["a"], ["r"], [node("r = Relu(a)")], opset)]
    for level in range(1, 29):
        nodes = [node(f"h = own.F{level - 1}(a)"), node(f"r = own.F{level - 1}(h)")]
        functions.append(helper.make_function("own", f"F{level}", ["a"], ["r"], nodes, opset))
    assert "more than 1000 nodes" in refusal_of(folder, [node("y = own.F28(x)")], functions=functions)


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        (
            [node("y = Relu(a)"), node("a = Relu(y)")],
            "the node y (Relu) reads a, which no earlier node produces",
        ),
        ([node("x = Relu(x)")], "the node x (Relu) produces x, which already exists"),
        ([node("a = Relu(x)")], "the output y is not produced by any node"),
        ([node("y = Conv(x)")], "the node y (Conv) can't be counted: it has no input 2"),
        ([node("y = Softmax(x)", axis=9)], "the node y (Softmax) can't be computed: IndexError"),
        ([node("y = Concat(x, x)", axis="left")], "the node y (Concat) can't be computed: ValueError"),
    ],
)
def test_graphs_that_are_none_end_in_a_sentence(folder, nodes, reason):
    assert reason in refusal_of(folder, nodes)


def test_a_shape_that_the_file_states_wrongly_ends_it(folder):
    nodes = [node("a = Relu(x)"), node("y = Flatten(a)")]
    wrong = "y has the shape [1, 192], but the file states [1, 99]"
    assert wrong in refusal_of(folder, nodes, outputs=(value("y", [1, 99]),))
    wrong = "a has the shape [1, 3, 8, 8], but the file states [1, 3, 8]"
    assert wrong in refusal_of(folder, nodes, values=[value("a", [1, 3, 8])])


def test_an_old_opset_is_said(folder):
    assert "it has opset 9, and the oldest supported opset is 13" in refusal_of(
        folder, [node("y = Relu(x)")], opset=9
    )


def test_dimensions_that_are_not_names_get_one(folder):
    inputs = (value("x", ["batch size", 3, "2*h", None]),)
    found = cost_of(folder, [node("y = Relu(x)")], inputs=inputs)
    assert found.open_names == ("batch_size", "h", "dim_x_3")
    assert found.subs(batch_size=2, h=4, dim_x_3=5).elementwise == 2 * 3 * 8 * 5


def test_inputs_are_given_in_order_or_by_name(folder):
    nodes = [node("y = Add(x.1, 2.class)")]
    inputs = (value("x.1", ["n", 4]), value("2.class", ["n", 4]))
    path = write(folder / "net.onnx", nodes, inputs, (ANY,))
    assert library.cost(f"f32[2,4], f32[2,4] -> {path}").elementwise == 8
    shown = convcost("model", path, "--input", "x_1=f32[3,4]", "--input", "class_1=f32[3,4]", "--json")
    assert '"x_1"' in shown.out
    with pytest.raises(ConvcostError, match="n is 2 in one input and 3 in another"):
        library.cost(f"f32[2,4], f32[3,4] -> {path}")
    with pytest.raises(ConvcostError, match=r"the input x.1 is \[n, 4\] in the file, not \[2, 5\]"):
        library.cost(f"f32[2,5], f32[2,5] -> {path}")


def test_quantized_products_count_as_those_on_floats(folder):
    tensors = [
        helper.make_tensor("w", TensorProto.UINT8, (4, 3, 3, 3), [1] * 108),
        helper.make_tensor("b", TensorProto.INT32, (4,), [1] * 4),
        helper.make_tensor("s", TensorProto.FLOAT, (), [0.5]),
        helper.make_tensor("z", TensorProto.UINT8, (), [0]),
    ]
    nodes = [node("q = QuantizeLinear(x, s, z)"), node("y = QLinearConv(q, s, z, w, s, z, s, z, b)")]
    found = cost_of(folder, nodes, tensors)
    assert (found.macs, found.params) == (36 * 4 * 27, 108 + 4)
    assert found.elementwise == 5 * 192


def test_attention_as_one_operator(folder):
    inputs = (value("q", [2, 5, 12]), value("k", [2, 7, 6]), value("v", [2, 7, 6]))
    attention = node("y = Attention(q, k, v)", q_num_heads=4, kv_num_heads=2)
    found = cost_of(folder, [attention], inputs=inputs, opset=23)
    assert (found.macs, found.output) == (2 * 2 * 4 * 5 * 7 * 3, (2, 5, 12))


def test_operators_of_onnx_runtime(folder):
    inputs = (value("x", [2, 5, 8]),)
    nodes = [
        node("n, , , s = com.microsoft.SkipLayerNormalization(x, x, g)"),
        node("a = com.microsoft.Attention(n, w, b)", num_heads=2),
        node("y = com.microsoft.BiasGelu(a, c)"),
    ]
    tensors = [floats("g", 8), floats("w", 8, 24), floats("b", 24), floats("c", 8)]
    found = cost_of(folder, nodes, tensors, inputs)
    assert (found.macs, found.params) == (2 * 5 * 8 * 24 + 2 * 2 * 5 * 5 * 8, 8 + 8 * 24 + 24 + 8)


def test_counters_count_the_graph_that_was_rebuilt(folder):
    path = write(folder / "net.onnx", [node("y = Conv(x, w)")], (IMAGE,), (ANY,), [floats("w", 4, 3, 3, 3)])
    shown = convcost("model", path, "--counters", "flop_counter_mode", "--json")
    assert '"verdict": "agrees"' in shown.out


def test_a_file_is_not_called(folder):
    path = write(folder / "net.onnx", [node("y = Relu(x)")], (IMAGE,), (ANY,))
    assert "net.onnx is an ONNX file, so it takes no arguments" in refused("cost", f"{path}(width=2)")
