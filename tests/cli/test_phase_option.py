"""`--phase` and `--context`: a language model's prompt or next token, in `model`, `cost` and `compare`."""

import json

import pytest
from cli_runner import convcost, refused

EXAMPLE = "examples/llama.py:llama_8b"
MODEL = (EXAMPLE, "--arg", "layers=1")
DECODE_4 = ("model", *MODEL, "--phase", "decode", "--context", "4")
LAYER = 2 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336)
HEAD = 2 * 4096 * 128256


def record(*arguments):
    code, out, _ = convcost(*arguments, "--json")
    assert code == 0
    return json.loads(out)


@pytest.mark.parametrize("command", ["model", "cost"])
def test_json_has_the_phase_its_tokens_and_its_cache(command):
    found = record(command, *MODEL, "--phase", "decode", "--context", "100", "--input", "i64[3,100]")
    assert found["name"] == "Decoder decode"
    assert found["flops"] == 3 * (LAYER + 4 * 101 * 4096 + HEAD)
    assert (found["tokens"], found["flops_per_token"]) == (3, found["flops"] / 3)
    assert found["kv_cache_bytes"] == 3 * 100 * 2 * 8 * 128 * 2
    assert found["generation"] == {
        "phase": "decode",
        "context": 100,
        "cache": [
            {
                "name": "",
                "dtype": "bfloat16",
                "shape": [3, 8, 100, 128],
                "occurrences": 2,
                "bytes": found["kv_cache_bytes"],
            }
        ],
    }


def test_a_plain_forward_has_none_of_it():
    found = record("model", *MODEL, "--input", "i64[1,4]")
    assert not {"generation", "tokens", "kv_cache_bytes", "active_params", "expert_routings"} & found.keys()


def test_a_context_with_a_name_stays_open_or_is_given():
    arguments = ("model", *MODEL, "--phase", "prefill", "--context", "T")
    assert record(*arguments)["kv_cache_bytes"] == "4096*B*T"
    assert record(*arguments, "--B", "2", "--T", "10")["kv_cache_bytes"] == 4096 * 2 * 10


def test_both_phases_are_compared():
    arguments = ("compare", *MODEL, "--phase", "prefill,decode", "--context", "50", "--counters", "none")
    found = record(*arguments)
    prefill, decode = found["candidates"]
    assert (prefill["generation"]["phase"], decode["generation"]["phase"]) == ("prefill", "decode")
    assert prefill["flops"] == 50 * (LAYER + HEAD) + 4 * 50 * 50 * 4096
    assert decode["flops"] == LAYER + HEAD + 4 * 51 * 4096
    assert found["ratios"]["kv_cache_bytes"] == 1
    _, out, _ = convcost(
        "compare", *MODEL, "--phase", "prefill,decode", "--context", "50", "--counters", "none"
    )
    assert "drop-in" not in out
    assert "The inputs differ" not in out


def test_models_are_compared_in_one_phase():
    texts = ("examples/llama.py:llama_8b(layers=1)", "examples/llama.py:llama_8b(layers=2)")
    found = record("compare", *texts, "--phase", "decode", "--context", "8", "--counters", "none")
    first, second = found["candidates"]
    assert second["kv_cache_bytes"] == 2 * first["kv_cache_bytes"]


def test_counters_count_the_prompt_and_not_the_next_token():
    names = ("--counters", "flop_counter_mode")
    prompt = record("model", *MODEL, "--phase", "prefill", "--context", "4", *names)
    assert prompt["counters"]["flop_counter_mode"]["verdict"] == "agrees"
    step = record("model", *MODEL, "--phase", "decode", "--context", "4", *names)
    assert step["counters"]["flop_counter_mode"]["verdict"] == "skipped"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model", *MODEL, "--context", "4"), "--context needs --phase"),
        (("model", *MODEL, "--phase", "decode"), "a phase needs a context, the number of tokens"),
        (
            ("model", *MODEL, "--phase", "decade", "--context", "4"),
            "no phase is called decade (did you mean decode?)",
        ),
        (("model", *MODEL, "--phase", "decode", "--context", "0"), "--context is 0; it must be at least 1"),
        (("model", *MODEL, "--phase", "decode", "--context", "-3"), "--context"),
        (("model", *MODEL, "--phase", "prefill,decode", "--context", "4"), "takes one phase, not 2"),
        (
            ("model", *MODEL, "--phase", "decode", "--context", "4", "--backward"),
            "--backward can't be combined with --phase decode",
        ),
        ((*DECODE_4, "--memory"), "--memory can't be combined with --phase decode"),
        (
            ("model", *MODEL, "--phase", "prefill", "--context", "4", "--input", "i64[1,8]"),
            "the input has 8 tokens, but the context is 4",
        ),
        (
            ("model", "torch.nn:Flatten", "--phase", "decode", "--context", "4"),
            "Flatten.forward takes no cache",
        ),
        (("cost", "Linear(3, 4)", "--phase", "decode", "--context", "4"), "--phase is for torch modules"),
        (("compare", "Linear(3, 4)", "ReLU", "--phase", "decode", "--context", "4"), "are for torch modules"),
    ],
)
def test_what_can_not_be_is_said_in_a_sentence(arguments, message):
    assert message in refused(*arguments)
