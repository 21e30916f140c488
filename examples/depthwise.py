"""A depthwise convolution has 16 times fewer FLOPs, and is not 16 times faster: it waits for memory."""

import convcost
from convcost.benchmark.samples import SamplingPlan
from convcost.benchmark.stopwatch import Stopwatch

FULL = "full = [1, C, 112, 112] -> Conv2d(C, C, 3, padding=1)"
DEPTHWISE = "depthwise = [1, C, 112, 112] -> Conv2d(C, C, 3, padding=1, groups=C)"
CHANNELS = 16


def main() -> None:
    """Least times on an A100, which are arithmetic; then times on this machine, which vary."""
    found = convcost.compare(FULL, DEPTHWISE, C=CHANNELS)
    fewer = found.first.flops // found.candidates[1].flops
    print(f"depthwise: {fewer} times fewer FLOPs")

    for dtype in ("float32", "bfloat16"):
        full, depthwise = (convcost.roofline(report, "a100", dtype) for report in found.candidates)
        faster = float(full.seconds / depthwise.seconds)
        print(
            f"a100, {dtype}: at best {faster:.1f} times faster; full is {full.by}-bound "
            f"({float(full.intensity):.1f} FLOPs per byte), depthwise {depthwise.by}-bound "
            f"({float(depthwise.intensity):.1f})"
        )
        assert faster < fewer / 4

    quick = Stopwatch(plan=SamplingPlan(block_seconds=0.01, total_seconds=0.2, max_rounds=15))
    full_time, depthwise_time = (
        report.time.forward.samples
        for report in convcost.timed(FULL, DEPTHWISE, stopwatch=quick, C=CHANNELS).candidates
        if report.time
    )
    print(f"here: {float(full_time.median / depthwise_time.median):.1f} times faster")


if __name__ == "__main__":
    main()
