"""Deliberate errors in losses, and in bags of embeddings."""

from benchmarks.mutations.mutation import Family

LOSSES = Family("losses", (), ("tests/tracing/test_losses.py",), "operators/losses.py")
LOSSES.error("a difference that is not squared", '"mse_loss": 2,', '"mse_loss": 1,')
LOSSES.error("a branch that is the shorter one", '"huber_loss": 4,', '"huber_loss": 3,')
LOSSES.error("one logarithm of two", '"binary_cross_entropy": 8,', '"binary_cross_entropy": 4,')
LOSSES.error("the sum over elements free", " + (reduction != NOT_REDUCED)", "")
LOSSES.error("weights free", "(weight is not None) + (reduction", "(reduction")
LOSSES.error("what is looked up by classes", "* size(target))", "* size(target) * 2)")
LOSSES.error(
    "a bag by what it yields",
    "each * size(indices) * weight.shape[-1] + quotients",
    "each * size(output) + quotients",
    "operators/pooling.py",
)
LOSSES.error(
    "weights of a bag free",
    "each = 1 if per_sample_weights is None else 2",
    "each = 1",
    "operators/pooling.py",
)
LOSSES.error(
    "a mean without its quotients", "size(output) if mode == MEAN_MODE else 0", "0", "operators/pooling.py"
)
