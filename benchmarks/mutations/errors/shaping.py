"""Deliberate errors in layers that only change shapes."""

from benchmarks.mutations.mutation import LAYERS, Family

SHAPING = Family("shaping", ("shaping",), LAYERS, "layers/shaping.py")
SHAPING.error(
    "the last dimension left out",
    "arithmetic.elements(shape[first : last + 1])",
    "arithmetic.elements(shape[first:last])",
)
SHAPING.error(
    "-1 as the whole dimension",
    "rest = shape[self.dim] // arithmetic.elements(self._given())",
    "rest = shape[self.dim]",
)
SHAPING.error(
    "a dropout that costs",
    '        yield probability(self.p, "p")\n',
    '        yield probability(self.p, "p")\n\n'
    "    def cost(self, shape):\n        from convcost.core.cost import Cost\n\n"
    "        return Cost(elementwise=arithmetic.elements(shape))\n",
)
SHAPING.error(
    "dimensions from the end taken for others",
    "return self.start_dim % len(shape), self.end_dim % len(shape)",
    "return abs(self.start_dim), abs(self.end_dim)",
)
SHAPING.error(
    "dimensions behind dropped",
    "arithmetic.elements(shape[first : last + 1]), *shape[last + 1 :])",
    "arithmetic.elements(shape[first : last + 1]))",
)
SHAPING.error(
    "a product that is not the dimension",
    "arithmetic.elements(self._sizes(shape)),\n            shape[self.dim],",
    "shape[self.dim],\n            shape[self.dim],",
)
