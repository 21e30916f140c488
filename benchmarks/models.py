"""Time of convcost.profile against the bare forward on the meta device, and against FlopCounterMode on it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from networks import ViT, resnet50
from torch.utils.flop_counter import FlopCounterMode

import convcost

RUNS = 15


def main() -> None:
    """Medians of alternating runs, as ratios to the bare forward."""
    for name, build in (("ResNet-50", resnet50), ("ViT-B/16", ViT)):
        with torch.device("meta"):
            model, image = build().eval(), torch.empty(1, 3, 224, 224)
        report = convcost.profile(model, image)
        print(f"{name}: {report.macs / 1e9:.3f} GMACs, {report.params:,} parameters")
        ways = {
            "bare forward": lambda model=model, image=image: model(image),
            "convcost.profile": lambda model=model, image=image: convcost.profile(model, image),
            "FlopCounterMode": lambda model=model, image=image: counted(model, image),
        }
        times = medians(ways)
        for way, seconds in times.items():
            print(f"  {way:18} {1e3 * seconds:7.1f} ms  {seconds / times['bare forward']:.2f}×")


def counted(model: torch.nn.Module, image: torch.Tensor) -> None:
    with FlopCounterMode(display=False):
        model(image)


def medians(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    with torch.no_grad():
        for _ in range(RUNS):
            for way, run in ways.items():
                start = time.perf_counter()
                run()
                seconds[way].append(time.perf_counter() - start)
    return {way: statistics.median(taken) for way, taken in seconds.items()}


if __name__ == "__main__":
    main()
