"""Deliberate errors in what a backward costs."""

from benchmarks.mutations.mutation import MODULES, Family

BACKWARD = "operators/backward.py"

GRADIENTS = Family(
    "gradients", (), (*MODULES, "tests/tracing/test_higher_gradients.py"), "operators/interface.py"
)
GRADIENTS.error("a gradient by a bias as a product", "sums if name == addend else product", "product")
GRADIENTS.error(
    "one of a convolution's gradients",
    "[product] * (by_input + by_weight)",
    "[product]",
    BACKWARD,
)
GRADIENTS.error(
    "LSTM's input always needed",
    'skipped = 0 if "input" in needed else',
    "skipped = 0 and",
    "operators/recurrent.py",
)
GRADIENTS.error(
    "inputs taken for weights",
    'return "gradient by weight" if is_weight else "gradient by input"',
    'return "gradient by weight"',
    "tracing/recording/gradients.py",
)
GRADIENTS.error(
    "gradients that nobody needs",
    "self._costs(compress(self._labels, needed), output)",
    "self._costs(self._labels, output)",
    "tracing/recording/gradients.py",
)
GRADIENTS.error(
    "a gradient's gradients by its first factor alone",
    "for role in compress(self.roles, needed) if",
    "for role in [*compress(self.roles, needed)][:1] if",
    "tracing/recording/gradients.py",
)
GRADIENTS.error(
    "a gradient's gradients by what is added",
    "others = [factor[1:] for factor in factors if cost.macs and factor[0] != number]",
    "others = [*zip(self.roles, operands)][1:]",
    "tracing/recording/gradients.py",
)
GRADIENTS.error(
    "gradients that autograd.grad is not asked for",
    "if not requires_gradient or not REQUESTED_LEAVES:",
    "if True:",
    "tracing/recording/gradients.py",
)
GRADIENTS.error(
    "a forward that is repeated as a gradient",
    'return "recomputation" if torch.is_grad_enabled() else "gradient by input"',
    'return "gradient by input"',
    "tracing/recording/tape.py",
)
GRADIENTS.error(
    "the cost of the last call alone",
    "cost=before.cost + found.cost,",
    "cost=found.cost,",
    "tracing/recording/recorded_operations.py",
)
GRADIENTS.error(
    "the gradient of one output",
    "if tensor.requires_grad]",
    "if tensor.requires_grad][:1]",
    "tracing/recording/gradients.py",
)
GRADIENTS.error(
    "a sum for every gradient",
    "bias_adds=size(grad_output) if by_bias else 0",
    "bias_adds=size(grad_output)",
    BACKWARD,
)
GRADIENTS.error(
    "a derivative without its product",
    "DERIVATIVE_AND_PRODUCT = 2",
    "DERIVATIVE_AND_PRODUCT = 1",
    "layers/interface.py",
)
GRADIENTS.error(
    "an operation of a norm's gradient",
    "NORMALIZATION_GRADIENT = 10",
    "NORMALIZATION_GRADIENT = 9",
    "layers/normalization.py",
)
GRADIENTS.error(
    "an operation of a softmax's gradient",
    "SOFTMAX_GRADIENT = 4",
    "SOFTMAX_GRADIENT = 3",
    "layers/operation_counts.py",
)
GRADIENTS.error(
    "products of matrices estimated",
    'is_elementwise = name.endswith("_backward") and not any(part in name for part in CONTRACTING_NAMES)',
    'is_elementwise = name.endswith("_backward")',
    BACKWARD,
)
