"""Deliberate errors in the formulas of operators, of gradients, and of what is made of them."""

from mutation import Family

MODULES = (
    *("tests/modules/test_matrix_products.py", "tests/modules/test_written_out.py"),
    "tests/modules/test_reference_counts.py",
    *("tests/modules/test_wherever_it_hides.py", "tests/modules/test_backward.py"),
    *("tests/modules/test_published.py", "tests/modules/test_every_layer.py"),
)

CONTRACTION = Family("matrix products", ("dense",), MODULES, "operators/contraction.py")
CONTRACTION.error(
    "Linear by its outputs", "product(outputs * weight.shape[-1]", "product(outputs * weight.shape[0]"
)
CONTRACTION.error(
    "matmul by rows",
    'broadcast; vectors on either side."""\n    return product(size(output) * self.shape[-1])',
    'broadcast; vectors on either side."""\n    return product(size(output) * self.shape[0])',
)
CONTRACTION.error(
    "mm by rows",
    '[k, m]."""\n    return product(size(output) * self.shape[-1])',
    '[k, m]."""\n    return product(size(output) * self.shape[0])',
)
CONTRACTION.error(
    "addmm's bias as MACs",
    "return product(macs, size(output))",
    "return product(macs + size(output), size(output))",
)
CONTRACTION.error(
    "baddbmm by rows",
    "return _added(self, size(output) * batch1.shape[-1], output)",
    "return _added(self, size(output) * batch1.shape[-2], output)",
)
CONTRACTION.error(
    "addbmm without its batch",
    "size(output) * batch1.shape[0] * batch1.shape[-1]",
    "size(output) * batch1.shape[-1]",
)
CONTRACTION.error("addmv by rows", "size(output) * mat.shape[-1]", "size(output) * mat.shape[0]")
CONTRACTION.error(
    "the last pair of an einsum alone",
    "macs = macs + formulas.elements(tuple(merged.values()))",
    "macs = formulas.elements(tuple(merged.values()))",
)
CONTRACTION.error(
    "an einsum by its result",
    "formulas.elements(tuple(merged.values()))",
    "formulas.elements(tuple(merged[index] for index in result if index in merged))",
)

CONVOLVED = Family(
    "convolution operators", ("convolution", "transposed"), MODULES, "operators/convolution.py"
)
CONVOLVED.error("groups dropped", "weight[1] * groups, weight[0]", "weight[1], weight[0]")
CONVOLVED.error(
    "dilation dropped",
    "padding=padding, dilation=dilation, groups=groups)",
    "padding=padding, groups=groups)",
)
CONVOLVED.error(
    "a bias though there is none", "groups, bias is not None, **geometry)", "groups, True, **geometry)"
)
CONVOLVED.error(
    "stride of a transposed one dropped",
    "        True,\n        stride=stride,\n",
    "        True,\n        stride=1,\n",
)

ATTENTION = Family("attention", (), MODULES, "operators/attention.py")
ATTENTION.error("one product only", "widths = query.shape[-1] + value.shape[-1]", "widths = query.shape[-1]")
ATTENTION.error(
    "as many keys as queries",
    "queries, keys = query.shape[-2], key.shape[-2]",
    "queries, keys = query.shape[-2], query.shape[-2]",
)
ATTENTION.error(
    "the heads forgotten",
    "outer = formulas.elements(query.shape[:-2])",
    "outer = formulas.elements(query.shape[:-3])",
)
ATTENTION.error("the mask ignored", "outer * causal_pairs(queries, keys) if is_causal else scores", "scores")
ATTENTION.error(
    "half the pairs, without the diagonal",
    "return corner * (corner + 1) // 2",
    "return corner * (corner - 1) // 2",
)
ATTENTION.error("a softmax without its sum", "SOFTMAX = 5", "SOFTMAX = 4")
ATTENTION.error("the scale free", "SCALE = 1", "SCALE = 0")
ATTENTION.error("the gradient by the scores forgotten", "found[name] += product(value_width)", "pass")

RECURRENT = Family("recurrent", (), MODULES, "operators/recurrent.py")
RECURRENT.error("three of LSTM's four gates", 'GATES = {"lstm": 4', 'GATES = {"lstm": 3')
RECURRENT.error(
    "hidden weights alone",
    "macs = positions * sum(map(size, matrices))",
    "macs = positions * sum(map(size, matrices[1::2]))",
)
RECURRENT.error(
    "one position", "macs = positions * sum(map(size, matrices))", "macs = sum(map(size, matrices))"
)
RECURRENT.error(
    "biases counted as MACs",
    "macs = positions * sum(map(size, matrices))",
    "macs = positions * sum(map(size, parameters))",
)
RECURRENT.error(
    "biases added once",
    "Cost(macs, macs, positions * sum(map(size, biases))",
    "Cost(macs, macs, sum(map(size, biases))",
)
RECURRENT.error("an operation of LSTM", '"lstm": 22', '"lstm": 21')
RECURRENT.error("an operation of GRU", '"gru": 17', '"gru": 16')
RECURRENT.error(
    "one direction",
    "width = states[0].shape[-1] * (2 if is_bidirectional else 1)",
    "width = states[0].shape[-1]",
)

NORMALIZED = Family("normalisation operators", ("normalization",), MODULES, "operators/normalization.py")
NORMALIZED.error(
    "statistics always taken", "COMPUTE_STATISTICS if running_mean is None else 0", "COMPUTE_STATISTICS"
)
NORMALIZED.error("weights free", "(operations + scaled) * size(input)", "operations * size(input)")
NORMALIZED.error("a factor of RMSNorm", "MEAN_SQUARE_AND_SCALE = 3", "MEAN_SQUARE_AND_SCALE = 4")

POOLED = Family("pooling operators", ("pooling",), MODULES, "operators/pooling.py")
POOLED.error(
    "by the input",
    "_taps(self, kernel_size, output) * size(output))",
    "_taps(self, kernel_size, output) * size(self))",
)
POOLED.error(
    "adaptive ones twice", "return Cost(elementwise=size(self))", "return Cost(elementwise=2 * size(self))"
)
POOLED.error("windows of one dimension", "sides * dimensions if len(sides) == 1 else sides", "sides")

ELEMENTWISE = Family("elementwise operators", ("activation",), MODULES, "operators/elementwise.py")
ELEMENTWISE.error(
    "every GELU as the usual one", "activation.GELU(approximate).operations", "activation.GELU().operations"
)
ELEMENTWISE.error("a gate free", "(activation.Sigmoid.operations + 1)", "activation.Sigmoid.operations")
ELEMENTWISE.error(
    "a softmax of one operation", "operations: int = activation.Softmax.operations", "operations: int = 1"
)
ELEMENTWISE.error(
    "a variance like a sum",
    '3: ("var", "std", "var_mean", "std_mean")',
    '1: ("var", "std", "var_mean", "std_mean")',
)

FOURIER = Family("fourier", (), MODULES, "operators/fourier.py")
FOURIER.error("a butterfly of 4 MACs", "MACS_PER_BUTTERFLY = 5", "MACS_PER_BUTTERFLY = 4")
FOURIER.error(
    "levels rounded down", "(shape[dimension] - 1).bit_length()", "(shape[dimension].bit_length() - 1)"
)
FOURIER.error(
    "real as complex", "return transform(self.shape, dim, 1)", "return transform(self.shape, dim, 2)"
)

GRADIENTS = Family("gradients", (), MODULES, "operators/interface.py")
GRADIENTS.error("a gradient by a bias as a product", "summed if name == added else product", "product")
GRADIENTS.error(
    "one of a convolution's gradients",
    "[product] * (by_input + by_weight)",
    "[product]",
    "operators/backward.py",
)
GRADIENTS.error(
    "LSTM's input always needed",
    'spared = 0 if "input" in needed else',
    "spared = 0 and",
    "operators/recurrent.py",
)
GRADIENTS.error(
    "inputs taken for weights",
    'return "gradient by weight" if is_weight else "gradient by input"',
    'return "gradient by weight"',
    "modules/gradients.py",
)

TOTALS = Family(
    "totals",
    (),
    (
        *("tests/test_totals.py", "tests/test_api.py", "tests/formats/test_json_format.py"),
        *("tests/cli/test_layer_command.py", "tests/cli/test_compare_command.py"),
        *("tests/modules/test_reference_counts.py", "tests/modules/test_wherever_it_hides.py"),
    ),
    "quantities.py",
)
TOTALS.error("one FLOP for each MAC", "FLOPS_PER_MAC = 2", "FLOPS_PER_MAC = 1")
TOTALS.error(
    "bias adds left out of everything",
    'if convention.count != "matmul" else 0',
    'if convention.count == "bias" else 0',
)
TOTALS.error(
    "padding always full",
    'if convention.padding == "valid" else self.macs',
    'if convention.padding == "zeros" else self.macs',
)
TOTALS.error(
    "elementwise work with the bias",
    'if convention.count == "all" else 0',
    'if convention.count != "matmul" else 0',
)
TOTALS.error(
    "tied parameters twice",
    "tensor is not None and id(tensor) not in found",
    "tensor is not None",
    "modules/anatomy.py",
)
TOTALS.error(
    "bytes without the output",
    "(self.params + self.output_elements) * itemsize",
    "self.params * itemsize",
    "report.py",
)
TOTALS.error(
    "activations of every layer",
    "formulas.elements(output) if layer.contracts else 0",
    "formulas.elements(output)",
    "network.py",
)

FAMILIES = (
    *(CONTRACTION, CONVOLVED, ATTENTION, RECURRENT, NORMALIZED, POOLED, ELEMENTWISE),
    *(FOURIER, GRADIENTS, TOTALS),
)
