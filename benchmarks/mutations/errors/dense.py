"""Deliberate errors in Linear, Bilinear and Embedding."""

from benchmarks.mutations.mutation import FORMULAS, LAYERS, Family

DENSE = Family("dense", ("dense",), LAYERS, "layers/dense.py")
DENSE.error(
    "in × in",
    "return positions * in_features * out_features",
    "return positions * in_features * in_features",
    FORMULAS,
)
DENSE.error(
    "the weights transposed",
    '"weight": (self.out_features, self.in_features)}',
    '"weight": (self.in_features, self.out_features)}',
)
DENSE.error(
    "positions of the first dimension alone",
    "positions = arithmetic.elements(shape[:-1])\n        macs = arithmetic.linear_macs",
    "positions = arithmetic.elements(shape[:-1][:1])\n        macs = arithmetic.linear_macs",
)
DENSE.error(
    "the bias counted as MACs",
    "macs = arithmetic.linear_macs(positions, self.in_features, self.out_features)",
    "macs = arithmetic.linear_macs(positions, self.in_features + self.bias, self.out_features)",
)
DENSE.error(
    "one of Bilinear's contractions", "out_features * in2 * (in1 + 1)", "out_features * in2 * in1", FORMULAS
)
DENSE.error(
    "Bilinear's inputs swapped", "out_features * in2 * (in1 + 1)", "out_features * in1 * (in2 + 1)", FORMULAS
)
DENSE.error(
    "a lookup that is not free",
    "        return (*shape, self.embedding_dim)\n",
    "        return (*shape, self.embedding_dim)\n\n    def cost(self, shape: Shape) -> Cost:\n"
    "        return Cost(elementwise=arithmetic.elements(self.output(shape)))\n",
)
DENSE.error(
    "the table transposed",
    "(self.num_embeddings, self.embedding_dim)}",
    "(self.embedding_dim, self.num_embeddings)}",
)
DENSE.error(
    "the positions forgotten",
    "return positions * in_features * out_features",
    "return in_features * out_features",
    FORMULAS,
)
DENSE.error(
    "the bias added once",
    "self.in_features, self.out_features)\n        return Cost(macs, macs, positions * self.out_features if",
    "self.in_features, self.out_features)\n        return Cost(macs, macs, self.out_features if",
)
DENSE.error(
    "bias adds without a bias",
    "self.in_features, self.out_features)\n        return Cost(macs, macs, positions * self.out_features if "
    "self.bias else 0)",
    "self.in_features, self.out_features)\n        return Cost(macs, macs, positions * self.out_features)",
)
DENSE.error(
    "Bilinear's bias added once",
    "self.in2_features, self.out_features)\n        return Cost(macs, macs, positions * self.out_features if",
    "self.in2_features, self.out_features)\n        return Cost(macs, macs, self.out_features if",
)
DENSE.error(
    "Bilinear's loop without its second product",
    '("in1_feature_then_x2", self.in1_features + 1)',
    '("in1_feature_then_x2", self.in1_features)',
)
DENSE.error("loops by rows", '("in_feature", self.in_features)', '("in_feature", self.out_features)')
DENSE.error(
    "padding_idx behind the table",
    "self.padding_idx, -self.num_embeddings, self.num_embeddings - 1",
    "self.padding_idx, -self.num_embeddings, self.num_embeddings",
)
DENSE.error("a mean without its quotients", 'looked_up + (outputs if mode == "mean" else 0)', "looked_up")
DENSE.error(
    "a bag of one row",
    "bag_operations(self.mode, self.elements_looked_up(shape), outputs)",
    "bag_operations(self.mode, outputs, outputs)",
)
DENSE.error(
    "an output for each row of a bag",
    "return (shape[0], self.embedding_dim)",
    "return (*shape, self.embedding_dim)",
)
