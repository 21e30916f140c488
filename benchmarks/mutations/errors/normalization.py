"""Deliberate errors in normalisations, as layers and as operators."""

from benchmarks.mutations.mutation import LAYERS, MODULES, Family

NORMALIZATION = Family("normalization", ("normalization",), LAYERS, "layers/normalization.py")
NORMALIZATION.error(
    "the reciprocal deviation forgotten", "SCALE_BY_STATISTICS = 2", "SCALE_BY_STATISTICS = 1"
)
NORMALIZATION.error("the square forgotten", "COMPUTE_STATISTICS = 3", "COMPUTE_STATISTICS = 2")
NORMALIZATION.error("statistics always kept", "0 if self.track_running_stats else COMPUTE_STATISTICS", "0")
NORMALIZATION.error(
    "a bias though there is none", '"bias": shape} if bias else {"weight": shape}', '"bias": shape}'
)
NORMALIZATION.error("parameters without affine", "    if not affine:\n        return {}\n", "")
NORMALIZATION.error("a factor of RMSNorm", "(3 + len(self.parameters()))", "(2 + len(self.parameters()))")
NORMALIZATION.error("a factor of LocalResponseNorm", "(self.size + 5)", "(self.size + 4)")
NORMALIZATION.error(
    "weights by groups",
    "_affine((self.num_channels,), self.affine",
    "_affine((self.num_groups,), self.affine",
)
NORMALIZATION.error(
    "the weight of a LayerNorm free",
    "return _affine(self.normalized(), self.elementwise_affine, self.bias)",
    "return _affine(self.normalized()[-1:], self.elementwise_affine, self.bias)",
)
NORMALIZATION.error(
    "weight and bias free",
    "statistics + SCALE_BY_STATISTICS + len(self.parameters())",
    "statistics + SCALE_BY_STATISTICS",
)
NORMALIZATION.error(
    "LayerNorm with statistics from elsewhere",
    "self.bias)\n\n    def cost(self, shape: Shape) -> Cost:\n        per_element = COMPUTE_STATISTICS +",
    "self.bias)\n\n    def cost(self, shape: Shape) -> Cost:\n        per_element =",
)
NORMALIZATION.error(
    "GroupNorm with statistics from elsewhere",
    'positions")\n\n    def cost(self, shape: Shape) -> Cost:\n        per_element = COMPUTE_STATISTICS +',
    'positions")\n\n    def cost(self, shape: Shape) -> Cost:\n        per_element =',
)
NORMALIZATION.error(
    "the weight of an RMSNorm always there",
    'return {"weight": self.normalized()} if self.elementwise_affine else {}',
    'return {"weight": self.normalized()}',
)
NORMALIZATION.error(
    "channels without a batch looked for behind one", "return shape[-self.spatial - 1]", "return shape[1]"
)
NORMALIZATION.error(
    "a single value as a statistic",
    "yield AtLeast(self.samples(shape), 2,",
    "yield AtLeast(self.samples(shape), 1,",
)
NORMALIZATION.error(
    "statistics over channels too",
    "return arithmetic.elements((shape[0], *shape[2:]))",
    "return arithmetic.elements(shape)",
)

NORMALIZED = Family("normalisation operators", ("normalization",), MODULES, "operators/normalization.py")
NORMALIZED.error("statistics always taken", "COMPUTE_STATISTICS if is_of_input else 0", "COMPUTE_STATISTICS")
NORMALIZED.error("training as evaluation", "running_mean is None or training", "running_mean is None")
NORMALIZED.error("statistics of instances free", " or use_input_stats", "")
NORMALIZED.error("an update of statistics free", '"training": True', '"training": False')
NORMALIZED.error("weights free", "(operations + parameters) * size(input)", "operations * size(input)")
NORMALIZED.error("a factor of RMSNorm", "MEAN_SQUARE_AND_SCALE = 3", "MEAN_SQUARE_AND_SCALE = 4")
NORMALIZED.error(
    "known statistics free", "statistics + SCALE_BY_STATISTICS, weight, bias", "statistics, weight, bias"
)
NORMALIZED.error(
    "a factor of LocalResponseNorm", "_per_element(input, size + 5)", "_per_element(input, size + 4)"
)
