"""Deliberate errors in losses as layers."""

from benchmarks.mutations.mutation import LAYERS, Family

CLASSES = "layers/losses.py"
RANKED = "layers/ranking_losses.py"
COUNTS = "layers/operation_counts.py"
TRACES = ("tests/tracing/test_gradients_of_layers.py", "tests/analysis/test_saved_tensors.py")

CRITERIA = Family(
    "losses as layers", ("losses", "ranking_losses"), (*LAYERS, *TRACES), "layers/loss_interface.py"
)
CRITERIA.error("no reduction", 'operations_of_loss + (self.reduction != "none")', "operations_of_loss")
CRITERIA.error("always reduced", 'self.losses(shape) if self.reduction == "none" else ()', "()")
CRITERIA.error("a mean whose gradient is a sum's", 'and self.reduction == "mean"', "and False")
CRITERIA.error("targets of any shape", "yield from equal_shapes(shape, other, number)", "yield from ()")
CRITERIA.error("nothing saved of a loss", "self.saves, self.saves_of_loss", "self.saves, SavedTensors()")
CRITERIA.error(
    "squares free",
    '"""(x − t)²: 2 operations per element."""\n\n    operations = 2\n\n\n',
    '"""(x − t)²: 2 operations per element."""\n\n    operations = 1\n\n\n',
    CLASSES,
)
CRITERIA.error("Stirling's approximation free", "+ 8 * self.full", "", CLASSES)
CRITERIA.error("one logarithm of a sigmoid", "2 * LOG_SIGMOID + 7", "LOG_SIGMOID + 7", CLASSES)
CRITERIA.error(
    "a mean over the batch without its quotient",
    'elementwise=int(self.reduction == "batchmean")',
    "elementwise=0",
    CLASSES,
)
CRITERIA.error("labels that are never smooth", "if self.label_smoothing == 0:", "if True:", CLASSES)
CRITERIA.error("classes in the dtype of the design", '("", INDEX_DTYPE)', '("", "")', CLASSES)
CRITERIA.error("a class for each element", "return (*shape[:1], *shape[2:])", "return shape", CLASSES)
CRITERIA.error("two pairs, swapped or not", "DISTANCE * (2 + self.swap)", "DISTANCE * 2", RANKED)
CRITERIA.error("no minimum of two distances", "return 3 + self.swap", "return 3", RANKED)
CRITERIA.error("the gradient of one norm", "(2 * each + 1) * elements", "(each + 1) * elements", RANKED)
CRITERIA.error("a softmax without its maximum", "SOFTMAX = 5", "SOFTMAX = 4", COUNTS)
CRITERIA.error("a shorter log-sigmoid", "LOG_SIGMOID = 5", "LOG_SIGMOID = 4", COUNTS)
CRITERIA.error("roots by every power", "if p in (1, 2):", "if True:", COUNTS)
