"""Deliberate errors in losses, and in bags of embeddings."""

from benchmarks.mutations.mutation import Family

LOSSES = Family("losses", (), ("tests/tracing/test_losses.py",), "operators/losses.py")
LOSSES.error("squares as absolute values", "losses.MSELoss.operations", "1")
LOSSES.error("a loss as another", "losses.HuberLoss", "losses.SmoothL1Loss")
LOSSES.error("the sum over elements free", " + (reduction != NOT_REDUCED)", "")
LOSSES.error("weights free", "(weight is not None) + (reduction", "(reduction")
LOSSES.error("what is looked up by classes", "* size(target))", "* size(target) * 2)")
LOSSES.error(
    "a bag by what it yields",
    "looked_up = size(indices) * weight.shape[-1]",
    "looked_up = size(output)",
    "operators/pooling.py",
)
LOSSES.error(
    "weights of a bag free",
    "looked_up, size(output)) + products)",
    "looked_up, size(output)))",
    "operators/pooling.py",
)
LOSSES.error(
    "a mean taken for a sum", '("sum", "mean", "max")', '("sum", "sum", "max")', "operators/pooling.py"
)
