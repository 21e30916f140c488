"""Every example runs, and says what it is there to say."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

SAYS = {
    "depthwise": "a100, bfloat16: at best 1.0 times faster; full is memory-bound (71.6 FLOPs per byte)",
    "founding_pair": "conv / dense: 6.00 FLOPs, 0.60 parameters",
    "founding_modules": "The convolutions cost 6.00× the FLOPs of the dense layer.",
    "llama": "131072 tokens: 83.7 GFLOPs a token, 52% of bytes cached",
    "lora": "LoRA: forward 136.3, input gradient 102.5, weight gradient 2.1 (millions of MACs)",
    "optuna_search": "all 576 designs: 93,456 with {'C': 176, 'M': 352, 'K': 1, 'G': 2}",
    "resnet": "weight gradient",
    "tcn": "6 levels see 127 positions for 98,304 MACs at each of 1,000",
    "transformer": "length  8192:  163.21 GMACs, 84% attention",
}


def test_every_example_is_here():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == SAYS.keys()


@pytest.mark.parametrize("name", SAYS)
def test_an_example_runs_and_says_what_it_shows(name, capsys):
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert SAYS[name] in capsys.readouterr().out
