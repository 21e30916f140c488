"""Time of convcost.profile against a plain forward on the meta device, and against every peer installed.

A peer runs on the meta device if it can, else on the CPU.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import time
import warnings
from collections.abc import Callable

import torch
from networks import ViT, resnet50
from torch.utils.flop_counter import FlopCounterMode

import convcost

RUNS = 15

Model, Way = torch.nn.Module, Callable[[], object]


def main() -> None:
    """Print medians of alternating runs, as ratios to a plain forward and to the fastest peer."""
    torch.set_grad_enabled(False)
    for name, build in (("ResNet-50", resnet50), ("ViT-B/16", ViT)):
        report = convcost.profile(*built(build, "meta"))
        print(f"{name}: {report.macs / 1e9:.3f} GMACs, {report.params:,} parameters")
        times = medians(ways(build))
        bare, peers = times.pop("bare forward, meta"), [way for way in times if way != OURS]
        fastest = min(times[way] for way in peers)
        print(f"  bare forward, meta {1e3 * bare:8.1f} ms")
        for way, seconds in sorted(times.items(), key=lambda item: item[1]):
            against = f"{seconds / bare:6.2f}× bare  {seconds / fastest:6.2f}× fastest peer"
            print(f"  {way:24} {1e3 * seconds:8.1f} ms {against}")


OURS = "convcost.profile, meta"


def built(build: Callable[[], Model], device: str) -> tuple[Model, torch.Tensor]:
    with torch.device(device):
        return build().eval(), torch.randn(1, 3, 224, 224)


def ways(build: Callable[[], Model]) -> dict[str, Way]:
    """The functions to time, with the peers that are installed and run this model.

    Each peer has models of its own, since one that fails may leave its hooks on them.
    """
    meta = built(build, "meta")
    found: dict[str, Way] = {
        "bare forward, meta": lambda: meta[0](meta[1]),
        OURS: lambda: convcost.profile(*meta),
    }
    for name, count in PEERS.items():
        for device in ("meta", "cpu"):
            model, image = built(build, device)
            way = silent(lambda count=count, model=model, image=image: count(model, image))
            if works(way):
                found[f"{name}, {device}"] = way
                break
    return found


def silent(count: Way) -> Way:
    """`count` with its output discarded."""

    def run() -> object:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return count()

    return run


def works(way: Way) -> bool:
    try:
        return way() is not None
    except Exception:  # whatever a peer raises on the meta device, or where it is not installed
        return False


def flop_counter_mode(model: Model, image: torch.Tensor) -> object:
    with FlopCounterMode(display=False) as counter:
        model(image)
    return counter.get_total_flops()


def fvcore(model: Model, image: torch.Tensor) -> object:
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(model, image)
    return analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()


def ptflops(model: Model, image: torch.Tensor) -> object:
    from ptflops import get_model_complexity_info

    return get_model_complexity_info(
        model,
        tuple(image.shape[1:]),
        input_constructor=lambda _: image,
        as_strings=False,
        print_per_layer_stat=False,
    )[0]


def thop(model: Model, image: torch.Tensor) -> object:
    from thop import profile

    return profile(model, (image,), verbose=False)


def torchinfo(model: Model, image: torch.Tensor) -> object:
    from torchinfo import summary

    return summary(model, input_data=image, verbose=0, device=image.device).total_mult_adds


def calflops(model: Model, image: torch.Tensor) -> object:
    from calflops import calculate_flops

    return calculate_flops(model, args=[image], print_results=False, output_as_string=False)


def torchprofile(model: Model, image: torch.Tensor) -> object:
    from torchprofile import profile_macs

    return profile_macs(model, image)


PEERS: dict[str, Callable[[Model, torch.Tensor], object]] = {
    "FlopCounterMode": flop_counter_mode,
    "fvcore": fvcore,
    "ptflops": ptflops,
    "ultralytics-thop": thop,
    "torchinfo": torchinfo,
    "calflops": calflops,
    "torchprofile": torchprofile,
}


def medians(ways: dict[str, Way]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(RUNS):
        for way, run in ways.items():
            start = time.perf_counter()
            run()
            seconds[way].append(time.perf_counter() - start)
    return {way: statistics.median(taken) for way, taken in seconds.items()}


if __name__ == "__main__":
    main()
