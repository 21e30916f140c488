"""Time of a Llama's report, with given and with open sizes, against building it and against FlopCounterMode.

Everything runs on the meta device. Times are CPU seconds of this process, which other load affects little.
Needs transformers.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaConfig, LlamaForCausalLM

import convcost
from convcost.tracing.declared_inputs import DeclaredTensor
from convcost.tracing.symbolic_shapes.profile import profile_open

RUNS = 3

SIZES = {
    "Llama-3-8B": {"num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336},
    "Llama-3-70B": {"num_hidden_layers": 80, "hidden_size": 8192, "intermediate_size": 28672},
    "Llama-3.1-405B, 32 layers": {
        "num_hidden_layers": 32,
        "hidden_size": 16384,
        "intermediate_size": 53248,
    },
    "Llama-3.1-405B": {"num_hidden_layers": 126, "hidden_size": 16384, "intermediate_size": 53248},
}

OPEN = DeclaredTensor("int64", ("B", "T"))


def main() -> None:
    """Print the minimal times of each model, then the ratio of 126 layers to 32."""
    ids = torch.zeros(1, 4096, dtype=torch.int64, device="meta")
    least: dict[tuple[str, str], float] = {}
    for name, sizes in SIZES.items():
        model = build(sizes)
        ways: dict[str, Callable[[], object]] = {
            "FlopCounterMode": lambda model=model: flop_counter_mode(model, ids),
            "numbers": lambda model=model: convcost.profile(model, input_ids=ids),
            "open": lambda model=model: profile_open(model, (), {"input_ids": OPEN}),
        }
        built = seconds(lambda sizes=sizes: build(sizes))
        times = {way: seconds(run) for way, run in ways.items()}
        floor = built + times["FlopCounterMode"]
        print(f"{name}: built in {built:.2f} s, FlopCounterMode {times['FlopCounterMode']:.2f} s")
        for way in ("numbers", "open"):
            least[name, way] = times[way]
            ratio = (built + times[way]) / floor
            print(f"  {way:8} {times[way]:6.2f} s  {ratio:5.2f}× building + FlopCounterMode")
    for way in ("numbers", "open"):
        ratio = least["Llama-3.1-405B", way] / least["Llama-3.1-405B, 32 layers", way]
        print(f"126 layers, {way}: {ratio:.2f}× the time of 32")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"peak memory, with all that is imported: {used / 1e9:.2f} GB")


def build(sizes: dict[str, int]) -> torch.nn.Module:
    config = LlamaConfig(
        **sizes,
        num_attention_heads=sizes["hidden_size"] // 128,
        num_key_value_heads=8,
        vocab_size=128256,
    )
    with torch.device("meta"):
        return LlamaForCausalLM(config)


def flop_counter_mode(model: torch.nn.Module, ids: torch.Tensor) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(input_ids=ids)
    return counter.get_total_flops()


def seconds(run: Callable[[], object]) -> float:
    """The minimum of a few runs, after one to warm up."""
    run()
    found = []
    for _ in range(RUNS):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return min(found)


if __name__ == "__main__":
    main()
