"""Deliberate errors in chains of layers, and in what totals are made of."""

from benchmarks.mutations.mutation import FORMULAS, Family

NETWORK = Family(
    "chains of layers",
    (),
    (
        *("tests/core/test_report.py", "tests/spec/test_layers.py", "tests/spec/test_sizes.py"),
        *(
            "tests/spec/test_branches.py",
            "tests/spec/test_spec_errors.py",
            "tests/symbolic/test_open_specs.py",
        ),
        *("tests/cli/test_layer_command.py", "tests/cli/test_compare_command.py"),
    ),
    "layers/network.py",
)
NETWORK.error(
    "every layer on the first one's output",
    "return _Tensor(row.output, len(self.rows) - 1,",
    "return _Tensor(self.rows[0].output, len(self.rows) - 1,",
)
NETWORK.error(
    "a repeated layer always on its first input",
    "key = id(call.layer), inputs, call.dtype",
    "key = id(call.layer), (), call.dtype",
)
NETWORK.error(
    "the place of the first of several",
    "            path=path,\n",
    '            path="0",\n',
)
NETWORK.error(
    "what a layer requires unchecked",
    "chain(_call_requirements(call, dtypes), layer.requirements(shape))",
    "chain(_call_requirements(call, dtypes))",
)
NETWORK.error("the number of inputs unchecked", "ArgumentCheck(count in counts,", "ArgumentCheck(True,")
NETWORK.error("dtypes unchecked", "ArgumentCheck(dtype == expected,", "ArgumentCheck(True,")
NETWORK.error(
    "a function of another dtype than its input", "input_dtype(0) else dtype\n", 'input_dtype(0) else ""\n'
)
NETWORK.error("parameters of the design's dtype", "count * ITEMSIZES[call.dtype]", "4 * count")
NETWORK.error(
    "branches on what the one before gives",
    "[self._branch(branch, incoming,",
    "[incoming := self._branch(branch, incoming,",
)
NETWORK.error("quotients unchecked", "for division in self.divisions:", "for division in ():")
NETWORK.error("an input of nothing", "        for size in shape:\n", "        for size in ():\n")
NETWORK.error(
    "input and output swapped",
    "input=shape,\n            output=output",
    "input=output,\n            output=shape",
)
NETWORK.error("indices as wide as numbers", "input_type=_element_type(dtypes[0])", "input_type=None")

DTYPES = Family(
    "reports in another dtype",
    (),
    ("tests/tracing/test_float_dtype.py", "tests/tracing/test_own_dtypes.py"),
    "core/float_dtype.py",
)
DTYPES.error(
    "integers as wide as floats",
    "itemsize=itemsize) if self.is_float else self",
    "itemsize=itemsize)",
    "core/tensor_bytes.py",
)
DTYPES.error(
    "parameters in their own dtypes", "row.stored and row.stored.with_floats(itemsize)", "row.stored"
)
DTYPES.error(
    "outputs in their own dtypes", "outputs=tuple(_converted(tensor, dtype) for", "outputs=tuple(tensor for"
)
DTYPES.error(
    "submodules in their own dtypes", "module.bytes and module.bytes.with_floats(itemsize)", "module.bytes"
)
DTYPES.error("operators in their own dtypes", "each.with_floats(itemsize) for", "each for")
DTYPES.error("indices as floats", 'dtype.startswith(("float", "bfloat", "tfloat"))', "True", "core/dtypes.py")
DTYPES.error(
    "ranks in their own dtypes", "per_rank=with_float_dtype(run.per_rank, dtype)", "per_rank=run.per_rank"
)

TOTALS = Family(
    "totals",
    (),
    (
        *("tests/core/test_report.py", "tests/test_api.py", "tests/render/test_json.py"),
        *("tests/cli/test_layer_command.py", "tests/cli/test_compare_command.py"),
        *("tests/tracing/test_reference_counts.py", "tests/tracing/test_wherever_it_hides.py"),
    ),
    "core/cost.py",
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
    "tied parameters with the last of their modules",
    "tensor is not None and id(tensor) not in found",
    "tensor is not None",
    "tracing/module_tree.py",
)
TOTALS.error(
    "tied parameters twice",
    "found[id(tensor)] = f",
    "found[len(found)] = f",
    "tracing/module_tree.py",
)
TOTALS.error(
    "bytes without the output",
    "inputs + stored + self.rows[-1].output_bytes(itemsize)",
    "inputs + stored",
    "core/report.py",
)
TOTALS.error(
    "activations of every layer",
    "arithmetic.elements(output) if self.contracts else 0",
    "arithmetic.elements(output)",
    "layers/interface.py",
)
TOTALS.error(
    "a layer lost", "total(parts[middle:], nothing)", "total(parts[middle + 1 :], nothing)", FORMULAS
)
TOTALS.error("the MACs of the first part", "self.macs + other.macs,", "self.macs,")
TOTALS.error("the MACs on real data of the first part", "else first + second,", "else first,")
TOTALS.error("the bias adds of the first part", "self.bias_adds + other.bias_adds,", "self.bias_adds,")
TOTALS.error(
    "the elementwise work of the first part", "self.elementwise + other.elementwise,", "self.elementwise,"
)
TOTALS.error(
    "FLOPs by the usual convention", "self.cost.flops(self.convention)", "self.cost.flops()", "core/report.py"
)
TOTALS.error(
    "the first input's width",
    "(ITEMSIZES[self.dtype] if self.dtype else itemsize)",
    "itemsize",
    "core/row.py",
)
TOTALS.error(
    "a row's indices as wide as numbers",
    "* (self.input_type.itemsize if self.input_type else itemsize)",
    "* itemsize",
    "core/row.py",
)
TOTALS.error(
    "bfloat16 as float32", '("float16", "bfloat16"), 2)', '("float16", "bfloat16"), 4)', "core/dtypes.py"
)
TOTALS.error(
    "FLOPs per input element",
    "ratio_of(self.flops, self.output_elements)",
    "ratio_of(self.flops, arithmetic.elements(self.input))",
    "core/report.py",
)
TOTALS.error(
    "MACs per byte", "ratio_of(self.flops, self.bytes)", "ratio_of(self.macs, self.bytes)", "core/report.py"
)
TOTALS.error(
    "a ratio upside down",
    "ratio_of(getattr(candidate, metric), getattr(self.first, metric))",
    "ratio_of(getattr(self.first, metric), getattr(candidate, metric))",
    "core/comparison.py",
)
TOTALS.error(
    "the parameters of the last output",
    "return sum(map(arithmetic.elements, self.parameters.values()))",
    "return max(map(arithmetic.elements, self.parameters.values()), default=0)",
    "core/row.py",
)
TOTALS.error(
    "the backward in the forward", 'if operation.phase == "forward":', "if True:", "tracing/summarize.py"
)
TOTALS.error(
    "the last of several calls",
    "cost=before.cost + found.cost,\n                activations",
    "cost=found.cost,\n                activations",
    "tracing/recording/recorded_operations.py",
)
TOTALS.error(
    "the activations of the last call",
    "activations=before.activations + found.activations",
    "activations=found.activations",
    "tracing/recording/recorded_operations.py",
)
