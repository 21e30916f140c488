"""Deliberate errors in least times and in memory."""

from benchmarks.mutations.mutation import Family

ROOFLINES = Family(
    "rooflines",
    (),
    ("tests/analysis/test_roofline.py", "tests/benchmark/test_machine.py"),
    "analysis/roofline.py",
)
ROOFLINES.error(
    "the sum of the bounds", "return max(self.compute, self.memory)", "return self.compute + self.memory"
)
ROOFLINES.error("memory binds at the ridge", "self.compute < self.memory", "self.compute <= self.memory")
ROOFLINES.error("views moved", "return 0\n    looked_up", "pass\n    looked_up", "analysis/roofline.py")
ROOFLINES.error(
    "a whole table read",
    "row.params if looked_up is None else looked_up",
    "row.params",
    "analysis/roofline.py",
)
ROOFLINES.error(
    "weights not read",
    "(read + arithmetic.elements(row.output))",
    "arithmetic.elements(row.output)",
    "analysis/roofline.py",
)
ROOFLINES.error(
    "one call of several",
    "return self.calls * sum(moved)",
    "return sum(moved)",
    "core/trace.py",
)
ROOFLINES.error(
    "a module's output not written",
    "zip(shapes, each, strict=True))",
    "zip(shapes[:-1], each, strict=False))",
    "core/trace.py",
)
ROOFLINES.error(
    "the peak of another dtype",
    "peak = device.peak(dtype)",
    "peak = device.peak(report.dtype)",
    "analysis/roofline.py",
)
ROOFLINES.error(
    "bytes of another dtype",
    "ITEMSIZES[dtype or report.dtype]",
    "ITEMSIZES[report.dtype]",
    "analysis/roofline.py",
)
ROOFLINES.error(
    "a batch that flips one early", "BoundRange(last + 2,", "BoundRange(last + 1,", "analysis/roofline.py"
)
ROOFLINES.error(
    "what one sample adds forgotten",
    "- (twice.bytes - once.bytes) * peak",
    "- twice.bytes * peak",
    "analysis/roofline.py",
)
ROOFLINES.error(
    "bounds of the other device",
    "break_even(workload.bytes * peak, workload.flops * device.bandwidth",
    "break_even(workload.bytes * device.bandwidth, workload.flops * peak",
    "analysis/roofline.py",
)
ROOFLINES.error(
    "grouped as whole convolutions",
    "_convolution(groups == 1)",
    "_convolution(True)",
    "analysis/roofline.py",
)

FOOTPRINTS = Family("footprints", (), ("tests/analysis",), "analysis/memory.py")
FOOTPRINTS.error(
    "a tensor kept twice",
    "_saved_ends(kept, places[number : number + 2]) - held",
    "_saved_ends(kept, places[number : number + 2])",
)
FOOTPRINTS.error("statistics forgotten", "total += kept.own_bytes(itemsize) + sum", "total += sum")
FOOTPRINTS.error(
    "views in memory of their own",
    "        if not step.layer.shares_memory(training):\n",
    "        if True:\n",
)
FOOTPRINTS.error(
    "the caller's input gone",
    "there = {0, places[number], places[number + 1]}",
    "there = {places[number], places[number + 1]}",
)
FOOTPRINTS.error(
    "no gradient of the input",
    "return of_output + (step.layer.input_elements(step.input) * itemsize if has_own else 0)",
    "return of_output",
)
FOOTPRINTS.error("indices as wide as numbers", "* (steps[0].input_itemsize or itemsize)", "* itemsize")
FOOTPRINTS.error("one moment of AdamW", '"adamw": 2', '"adamw": 1', "analysis/memory.py")
FOOTPRINTS.error(
    "moments in bfloat16",
    "MOMENTS[optimizer] * max(itemsize, FLOAT32)",
    "MOMENTS[optimizer] * itemsize",
    "analysis/memory.py",
)
FOOTPRINTS.error("a master copy without an optimizer", ' and optimizer != "none"', "", "analysis/memory.py")
FOOTPRINTS.error(
    "no gradients in training",
    "trained = stored + gradients + state + master",
    "trained = stored + state + master",
    "analysis/memory.py",
)
