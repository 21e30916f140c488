"""Deliberate errors in attention, as operators and as layers."""

from benchmarks.mutations.mutation import LAYERS, MODULES, Family

ATTENTION = Family("attention", (), MODULES, "operators/attention.py")
ATTENTION.error("one product only", "widths = query.shape[-1] + value.shape[-1]", "widths = query.shape[-1]")
ATTENTION.error(
    "as many keys as queries",
    "queries, keys = query.shape[-2], key.shape[-2]",
    "queries, keys = query.shape[-2], query.shape[-2]",
)
ATTENTION.error(
    "the heads forgotten",
    "outer = arithmetic.elements(query.shape[:-2])",
    "outer = arithmetic.elements(query.shape[:-3])",
)
ATTENTION.error("the mask ignored", "outer * causal_pairs(queries, keys) if is_causal else scores", "scores")
ATTENTION.error(
    "the gradient by the scores forgotten",
    "costs[name] += product(value_width) + Cost",
    "costs[name] += Cost",
)
ATTENTION.error("the gradient of the softmax free", " + Cost(elementwise=per_score * scores)", "")
ATTENTION.error("dropout of the scores free", " + dropout_operations(dropout_p)", "")
ATTENTION.error("its gradient free", '(DROPOUT_MASK if arguments.get("dropout_p") else 0)', "0")
ATTENTION.error(
    "half of the pairs", "outer * causal_pairs(queries, keys) if is_causal", "scores // 2 if is_causal"
)
ATTENTION.error(
    "the heads of the keys",
    "outer = arithmetic.elements(query.shape[:-2])",
    "outer = arithmetic.elements(key.shape[:-2])",
)
ATTENTION.error(
    "heads as width",
    "widths = query.shape[-1] + value.shape[-1]",
    "widths = query.shape[-3] + value.shape[-3]",
)
ATTENTION.error(
    "values as wide as queries", "widths = query.shape[-1] + value.shape[-1]", "widths = 2 * query.shape[-1]"
)
ATTENTION.error("the sum of a mask free", "(MASK if has_mask else 0)", "0")
ATTENTION.error(
    "scores that are no activations",
    "return size(output) + arithmetic.elements(query.shape[:-1]) * key.shape[-2]",
    "return size(output)",
)
ATTENTION.error(
    "the gradient by the values forgotten",
    'return costs | ({"value": product(value_width)} if "value" in needed else {})',
    "return costs",
)
ATTENTION.error(
    "gradients of pairs that are masked",
    "Cost(scores * features, visible * features)",
    "Cost(scores * features, scores * features)",
)
ATTENTION.error(
    "a causal backward of all pairs",
    'is_causal = arguments.get("is_causal", False)',
    "is_causal = False",
    "operators/backward.py",
)

ATTENTION_LAYERS = Family(
    "attention layers",
    ("attention",),
    (*LAYERS, "tests/tracing/test_gradients_of_layers.py", "tests/analysis/test_memory_of_designs.py"),
    "layers/attention.py",
)
ATTENTION_LAYERS.error(
    "half the pairs, without the diagonal",
    "return corner * (corner + 1) // 2",
    "return corner * (corner - 1) // 2",
)
ATTENTION_LAYERS.error("queries behind the last key left out", " + (queries - corner) * keys", "")
ATTENTION_LAYERS.error(
    "a softmax without its sum", "SOFTMAX = 5", "SOFTMAX = 4", "layers/operation_counts.py"
)
ATTENTION_LAYERS.error("the scale free", "SCALE = 1", "SCALE = 0")
ATTENTION_LAYERS.error("the gradient of the softmax free", "SCORE_GRADIENT if by_query or by_key else 0", "0")
ATTENTION_LAYERS.error(
    "a gradient of the softmax for values alone",
    "SCORE_GRADIENT if by_query or by_key else 0",
    "SCORE_GRADIENT",
)
ATTENTION_LAYERS.error("a window without a mask", "(0 if self.window is None else MASK)", "0")
ATTENTION_LAYERS.error(
    "a window one key too wide",
    "causal_pairs(arithmetic.positive_part(queries - window), keys)",
    "causal_pairs(arithmetic.positive_part(queries - window - 1), keys)",
)
ATTENTION_LAYERS.error(
    "a window on one side alone",
    "return queries * keys - before - after",
    "return queries * keys - before",
)
ATTENTION_LAYERS.error(
    "queries and keys of a window exchanged",
    "causal_pairs(arithmetic.positive_part(keys - window), queries)",
    "causal_pairs(arithmetic.positive_part(queries - window), keys)",
)
ATTENTION_LAYERS.error(
    "a causal window as a causal mask",
    "return causal_pairs(queries, keys) - before",
    "return causal_pairs(queries, keys)",
)
ATTENTION_LAYERS.error(
    "as many heads of keys as of queries",
    "width = shape[-1] // (self.num_heads + 2 * self._kv_heads)",
    "width = shape[-1] // (3 * self.num_heads)",
)
ATTENTION_LAYERS.error(
    "the cost of the heads of keys",
    "macs_per_pair = samples * self.num_heads * (width + value_width)",
    "macs_per_pair = samples * self._kv_heads * (width + value_width)",
)
ATTENTION_LAYERS.error(
    "one product only",
    "macs_per_pair = samples * self.num_heads * (width + value_width)",
    "macs_per_pair = samples * self.num_heads * width",
)
ATTENTION_LAYERS.error(
    "values as wide as keys",
    "value_width = shape[-1] // self.num_heads, value[-1] // self._kv_heads",
    "value_width = shape[-1] // self.num_heads, key[-1] // self._kv_heads",
)
ATTENTION_LAYERS.error(
    "as many keys as queries",
    "return _Operands(samples, queries, key[-2], width, value_width)",
    "return _Operands(samples, queries, queries, width, value_width)",
)
ATTENTION_LAYERS.error(
    "scores that are no activations",
    "return self._scores(shape) + arithmetic.elements(output)",
    "return arithmetic.elements(output)",
)
ATTENTION_LAYERS.error(
    "the gradient by the scores forgotten",
    "value_width * ((by_query or by_key) + by_value)",
    "value_width * by_value",
)
ATTENTION_LAYERS.error(
    "samples and positions exchanged",
    "(shape[0], shape[1]) if self.batch_first else (shape[1], shape[0])",
    "(shape[1], shape[0]) if self.batch_first else (shape[0], shape[1])",
)
ATTENTION_LAYERS.error(
    "no further key", "keys = self._positions(key)[1] + self._appended_keys", "keys = self._positions(key)[1]"
)
ATTENTION_LAYERS.error(
    "keys at the positions of queries",
    'Part("key", self._projection(self._kdim), key,',
    'Part("key", self._projection(self._kdim), shape,',
)
ATTENTION_LAYERS.error(
    "values as wide as the embedding",
    '"v": self._vdim}',
    '"v": embed_dim}',
)
ATTENTION_LAYERS.error(
    "a projection always joint",
    "if self._kdim == embed_dim and self._vdim == embed_dim:",
    "if self._kdim == embed_dim:",
)
ATTENTION_LAYERS.error(
    "no projection of the output",
    '            Part("output", self._projection(self.embed_dim), shape),\n',
    "",
)
ATTENTION_LAYERS.error(
    "a gradient by an input that needs none",
    "by_input = tuple(source is None or needed[source] for source in self.sources)",
    "by_input = tuple(True for source in self.sources)",
    "layers/composite.py",
)
ATTENTION_LAYERS.error(
    "activations of the last part alone",
    "for part in self.parts(shape)\n        )",
    "for part in self.parts(shape)[-1:]\n        )",
    "layers/composite.py",
)
ATTENTION_LAYERS.error(
    "three saved tensors where they are not joint",
    "projections = 1 if appended_keys and len(shape) == 2 else 3",
    "projections = 3",
)
