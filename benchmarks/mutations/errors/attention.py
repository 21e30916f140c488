"""Deliberate errors in attention."""

from benchmarks.mutations.mutation import MODULES, Family

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
    "half the pairs, without the diagonal",
    "return corner * (corner + 1) // 2",
    "return corner * (corner - 1) // 2",
)
ATTENTION.error("a softmax without its sum", "SOFTMAX = 5", "SOFTMAX = 4")
ATTENTION.error("the scale free", "SCALE = 1", "SCALE = 0")
ATTENTION.error("the gradient by the scores forgotten", "found[name] += product(value_width)", "pass")
ATTENTION.error(
    "half of the pairs", "outer * causal_pairs(queries, keys) if is_causal", "scores // 2 if is_causal"
)
ATTENTION.error("queries behind the last key left out", " + (queries - corner) * keys", "")
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
ATTENTION.error("the sum of a mask free", "masked = 0 if attn_mask is None else 1", "masked = 0")
ATTENTION.error(
    "scores that are no activations",
    "return size(output) + arithmetic.elements(query.shape[:-1]) * key.shape[-2]",
    "return size(output)",
)
ATTENTION.error(
    "the gradient by the values forgotten",
    'return found | ({"value": product(value_width)} if "value" in needed else {})',
    "return found",
)
ATTENTION.error(
    "gradients of pairs that are masked",
    "Cost(scores * features, seen * features)",
    "Cost(scores * features, scores * features)",
)
ATTENTION.error(
    "a causal backward of all pairs",
    'is_causal=arguments.get("is_causal", False)',
    "is_causal=False",
    "operators/backward.py",
)
