"""Deliberate errors in elementwise work: activations, and operators of every sort."""

import re

from benchmarks.mutations.mutation import LAYERS, MODULES, PACKAGE, Family

COUNTED = re.compile(r"\nclass (\w+)\((?:(?!\nclass ).)*?\n    operations = (\d+)\n", re.DOTALL)
"""A class of activations down to the number of its operations."""

ACTIVATION = Family("activation", ("activation",), LAYERS, "layers/activation.py")
ACTIVATION.error(
    "ReLU free", '"""max(0, x)."""\n\n    operations = 1', '"""max(0, x)."""\n\n    operations = 0'
)
ACTIVATION.error("tanh's GELU as the other", 'return 9 if self.approximate == "tanh" else 5', "return 5")
ACTIVATION.error(
    "GLU by its input",
    "(Sigmoid.operations + 1) * arithmetic.elements(self.output(shape))",
    "(Sigmoid.operations + 1) * arithmetic.elements(shape)",
)
ACTIVATION.error("GLU not halved", "shape[dim] // 2", "shape[dim]")
ACTIVATION.error("PReLU always with one weight", '"weight": (self.num_parameters,)', '"weight": (1,)')
ACTIVATION.error("PReLU for channels that there are not", "if self.num_parameters != 1:", "if False:")
ACTIVATION.error(
    "odd halves of a GLU", "yield Divides(2, shape[self.dim]", "yield Divides(1, shape[self.dim]"
)
for counted in COUNTED.finditer((PACKAGE / ACTIVATION.file).read_text(encoding="utf-8")):
    found, name, operations = counted[0], counted[1], int(counted[2])
    more = found.replace(f"operations = {operations}\n", f"operations = {operations + 1}\n")
    ACTIVATION.error(f"{name} with an operation more", found, more)

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
    '3: ("var", "std",',
    '1: ("var", "std",',
)
ELEMENTWISE.error("lerp as one operation", '2: ("addcmul"', '1: ("addcmul"')
ELEMENTWISE.error("logaddexp as two operations", '3: ("logaddexp"', '2: ("logaddexp"')
ELEMENTWISE.error("a norm without its squares", '2: ("norm"', '1: ("norm"')
ELEMENTWISE.error("a weight norm without its product", "WEIGHT_NORM = 3", "WEIGHT_NORM = 2")
ELEMENTWISE.error("distances of one feature", "3 * size(output) * x1.shape[-1]", "3 * size(output)")
ELEMENTWISE.error("sums at every place of the output", "size(source) if adds", "size(output) if adds")
ELEMENTWISE.error(
    "what replaces as a sum", 'arguments.get("accumulate", "values" not in arguments) and', "True and"
)
ELEMENTWISE.error(
    "what torch calls pointwise free",
    "if torch.Tag.pointwise in _tags(overload):\n        return each_element(1)",
    "if torch.Tag.pointwise in _tags(overload):\n        return FREE",
    "tracing/recording/known_operators.py",
)
ELEMENTWISE.error(
    "reductions by their output",
    "return _each_element_of(overload._schema.arguments[0].name)",
    "return each_element(1)",
    "tracing/recording/known_operators.py",
)
ELEMENTWISE.error(
    "lookups and moves that cost", "return Cost()", "return Cost(elementwise=1)", "operators/interface.py"
)
