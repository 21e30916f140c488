"""Deliberate errors in what the backward of a layer costs."""

from benchmarks.mutations.mutation import Family

TESTS = ("tests/tracing/test_gradients_of_layers.py",)

LAYER_GRADIENTS = Family("layer-gradients", (), TESTS, "layers/interface.py")
LAYER_GRADIENTS.error(
    "a gradient by an input that needs none",
    "sum([product] * sum(needed), elementwise)",
    "product + elementwise",
)
LAYER_GRADIENTS.error(
    "no product by an input that needs it",
    "sum([product] * sum(needed), elementwise)",
    "elementwise",
)
LAYER_GRADIENTS.error(
    "gradients by parameters that there are not",
    "by_weight=product + Cost(bias_adds=forward.bias_adds) if self.parameters() else Cost()",
    "by_weight=product + Cost(bias_adds=forward.bias_adds, elementwise=forward.elementwise)",
)
LAYER_GRADIENTS.error("a bias without a gradient", "product + Cost(bias_adds=forward.bias_adds)", "product")
LAYER_GRADIENTS.error(
    "valid MACs as all MACs",
    "product = Cost(forward.macs, forward.valid_macs)",
    "product = Cost(forward.macs, forward.macs)",
)
LAYER_GRADIENTS.error(
    "one of Bilinear's two inputs",
    "Gradients(gradients.by_input + gradients.by_input, gradients.by_weight)",
    "gradients",
    "layers/dense.py",
)
LAYER_GRADIENTS.error(
    "rows of a sparse table added up",
    "return 0 if self.sparse else self.elements_looked_up(shape)",
    "return self.elements_looked_up(shape)",
    "layers/dense.py",
)
LAYER_GRADIENTS.error(
    "a sum for each row of the table",
    "return 0 if self.sparse else self.elements_looked_up(shape)",
    "return 0 if self.sparse else self.num_embeddings * self.embedding_dim",
    "layers/dense.py",
)
LAYER_GRADIENTS.error(
    "a padding filled for an input that needs no gradient",
    'is_filled = any(needed) and self.padding_mode != "zeros"',
    'is_filled = self.padding_mode != "zeros"',
    "layers/convolution.py",
)
LAYER_GRADIENTS.error(
    "a padding's gradient without its copies",
    "return self.input_elements(shape) if is_filled else 0",
    "return arithmetic.elements(shape) if is_filled else 0",
    "layers/convolution.py",
)
LAYER_GRADIENTS.error(
    "copies whose gradients are those of the input alone",
    '"""A sum per output element."""\n        return arithmetic.elements(self.output(shape))',
    '"""A sum per output element."""\n        return arithmetic.elements(shape)',
    "layers/padding.py",
)
LAYER_GRADIENTS.error(
    "PReLU's slopes without a sum",
    "sums = elements if elements != self.num_parameters else 0",
    "sums = 0",
    "layers/activation.py",
)
LAYER_GRADIENTS.error(
    "the mean over all positions as any other",
    "1 if _is_mean(lengths) else DERIVATIVE_AND_PRODUCT",
    "DERIVATIVE_AND_PRODUCT",
    "layers/operation_counts.py",
)
LAYER_GRADIENTS.error(
    "a root's gradient for each input",
    "11 * arithmetic.elements(self.output(shape)) + 5",
    "11 * arithmetic.elements(shape) + 5",
    "layers/pooling.py",
)
LAYER_GRADIENTS.error(
    "a norm's repeated parameters not summed up",
    "repeated = 0 if batch in ((), (1,)) else len(self.parameters())",
    "repeated = 0",
    "layers/normalization.py",
)
LAYER_GRADIENTS.error(
    "blocks that are not added up",
    'overlapping blocks are summed."""\n        return arithmetic.elements(self.output(shape))',
    'overlapping blocks are summed."""\n        return 0',
    "layers/rearrangement.py",
)
LAYER_GRADIENTS.error(
    "a sum for each row where one is the maximum",
    'sums = 0 if sparse else outputs if mode == "max" else looked_up',
    "sums = 0 if sparse else looked_up",
    "layers/dense.py",
)

DESIGN_GRADIENTS = Family(
    "design-gradients",
    (),
    (
        "tests/tracing/test_backward_of_designs.py",
        "tests/analysis/test_roofline.py",
        "tests/cli/test_compare_backward.py",
    ),
    "layers/backward.py",
)
DESIGN_GRADIENTS.error(
    "gradients by every input",
    "needed = tuple(source >= 0 and needs[source] for source in row.sources)",
    "needed = (True,) * len(row.sources)",
)
DESIGN_GRADIENTS.error(
    "what goes through a layer without parameters needs no gradient",
    "needs.append(bool(row.parameters) or input_needs)",
    "needs.append(bool(row.parameters))",
)
DESIGN_GRADIENTS.error(
    "a backward of what has nothing to train",
    "if needs[number] and uses[number]:",
    "if uses[number]:",
)
DESIGN_GRADIENTS.error(
    "a backward of what does not lead to the output",
    "for source in rows[number].sources if uses[number] else ():",
    "for source in rows[number].sources:",
)
DESIGN_GRADIENTS.error(
    "equal layers with the gradients of the first",
    "key = id(row.layer), row.input, needed",
    "key = id(row.layer), row.input, ()",
)
DESIGN_GRADIENTS.error("a sum of one gradient", "(uses - 1) * arithmetic", "uses * arithmetic")
DESIGN_GRADIENTS.error(
    "one product by several inputs",
    "sum([product] * sum(needed), elementwise)",
    "sum([product] * any(needed), elementwise)",
    "layers/interface.py",
)
DESIGN_GRADIENTS.error(
    "what is broadcast without a sum",
    "return 0 if is_broadcast_already(operand, output) else arithmetic.elements(output)",
    "return 0",
    "layers/joins.py",
)
DESIGN_GRADIENTS.error(
    "gradients by the first factor alone",
    "first = any(needed[:number]), outputs[number - 1]",
    "first = needed[0], outputs[number - 1]",
    "layers/joins.py",
)
DESIGN_GRADIENTS.error(
    "einsum's product of elements by one factor",
    "self.cost(shape).elementwise * operations",
    "self.cost(shape).elementwise",
    "layers/joins.py",
)
DESIGN_GRADIENTS.error(
    "einsum's broadcast factor without a sum",
    "is_needed * (1 + is_broadcast)",
    "is_needed",
    "layers/joins.py",
)
DESIGN_GRADIENTS.error(
    "memory that is taken for another's after it is freed",
    "self._deferred[storage_id(gradient)] = owner, counted",
    "self._deferred[storage_id(gradient)] = None, counted",
    "tracing/recording/tape.py",
)
DESIGN_GRADIENTS.error(
    "gradients by inputs alone",
    "by_weight = arithmetic.total([each.by_weight for each in gradients], Cost())",
    "by_weight = Cost()",
    "core/report.py",
)
DESIGN_GRADIENTS.error(
    "formulas of the gradients forgotten where sizes are put in",
    "report.dtype, True, report.has_gradients",
    "report.dtype, True",
    "symbolic/sizes.py",
)
DESIGN_GRADIENTS.error(
    "an activation's gradient that moves as much as its forward",
    "return moves if cost.macs != 0 else moves + row.input_bytes(itemsize)",
    "return moves",
    "analysis/workloads.py",
)
DESIGN_GRADIENTS.error(
    "a training step without its forward",
    "arithmetic.total([*self.phases.values()], Cost())",
    "arithmetic.total([*self.phases.values()][1:], Cost())",
    "core/report.py",
)
DESIGN_GRADIENTS.error(
    "a module's backward that is not run",
    "Profiler(backward, memory=max_bytes, footprint=memory_dtype)",
    "Profiler(memory=max_bytes, footprint=memory_dtype)",
    "cli/designs.py",
)
DESIGN_GRADIENTS.error(
    "break-even of the forward alone",
    "(flops, TRAINING_FLOPS.name, *others) if self.has_backward else WITH_BREAK_EVEN",
    "WITH_BREAK_EVEN",
    "core/comparison.py",
)
