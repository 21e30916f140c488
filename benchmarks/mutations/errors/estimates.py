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
ROOFLINES.error(
    "views moved", "        return 0\n    looked_up", "        pass\n    looked_up", "analysis/workloads.py"
)
ROOFLINES.error(
    "a whole table read",
    "if looked_up is None else",
    "if True else",
    "analysis/workloads.py",
)
ROOFLINES.error(
    "weights not read",
    "inputs + read + row.output_bytes",
    "inputs + row.output_bytes",
    "analysis/workloads.py",
)
ROOFLINES.error(
    "one call of several",
    "return self.calls * sum(moved)",
    "return sum(moved)",
    "core/trace.py",
)
ROOFLINES.error(
    "a module's output not written",
    "zip(shapes, types, strict=True)",
    "zip(shapes[:-1], types, strict=False)",
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
    "report = with_float_dtype(report, dtype)",
    "pass",
    "analysis/workloads.py",
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
    "analysis/workloads.py",
)

ROOFLINES.error(
    "an input read twice moved twice",
    "zip(self.sources or range(len(sizes)), sizes, strict=True)",
    "zip(range(len(sizes)), sizes, strict=True)",
    "core/row.py",
)

FOOTPRINTS = Family("footprints", (), ("tests/analysis",), "analysis/activation_memory.py")
FOOTPRINTS.error("a tensor kept twice", "frozenset(self.memories[tensor]", "frozenset(tensor")
FOOTPRINTS.error("statistics forgotten", "own = step.own_saved if saves else 0", "own = 0")
FOOTPRINTS.error(
    "views in memory of their own", "            if self.shares(step):\n", "            if False:\n"
)
FOOTPRINTS.error(
    "the caller's input gone",
    "if memory in tensors.inputs or last[memory] > number",
    "if last[memory] > number",
)
FOOTPRINTS.error("what branches start from gone", "(own, *step.inputs, *step.held)", "(own, *step.inputs)")
FOOTPRINTS.error("what nobody reads kept", "tensors.training and step.is_used", "tensors.training")
FOOTPRINTS.error(
    "gradients summed up in place",
    "[*pending.values(), *new[index:], total]",
    "[*pending.values(), *new[index:]]",
)
FOOTPRINTS.error("no gradients that wait", "[*pending.values(), of_output]", "[of_output]")
FOOTPRINTS.error(
    "no gradient of the input",
    "(in_use + computed for computed in",
    "(in_use for computed in",
)
FOOTPRINTS.error(
    "a broadcast gradient of the whole size",
    'return InputGradient("own", elements, whole if is_product else 0, is_summed=True)',
    'return InputGradient("own", whole)',
    "analysis/memory_steps.py",
)
FOOTPRINTS.error(
    "the gradient of select as a view",
    "layer.is_view and not isinstance(layer, functions.select)",
    "layer.is_view",
    "analysis/memory_steps.py",
)
FOOTPRINTS.error(
    "a transposed input as a contiguous one",
    "return tuple(permutation.index(dimension) for dimension in order)",
    "return tuple(range(len(order)))",
    "analysis/memory_layout.py",
)
FOOTPRINTS.error(
    "the gradient of a sum as a contiguous one",
    "            return [EXPANDED]\n",
    "            return [_contiguous(row.input)]\n",
    "analysis/memory_layout.py",
)
FOOTPRINTS.error(
    "a broadcast batch multiplied in place",
    "len(first) == len(second) > 2 and first[:-2] == second[:-2]",
    "len(first) == len(second) > 2",
    "analysis/memory_layout.py",
)
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
