"""Entries of language models in a generation phase, with limits on their cache and their FLOPs per token."""

import pytest
from cli_runner import ROOT, convcost, refused
from config_files import write_config

pytestmark = pytest.mark.usefixtures("folder")

MODEL = f"""\
[entries.llama]
model = "{ROOT}/examples/llama.py:llama_8b"
args = {{ layers = 1 }}
"""
DECODE = f'{MODEL}phase = "decode"\ncontext = 100\n'
OPEN = f'{MODEL}phase = "prefill"\ncontext = "T"\n'

WEIGHTS = 2 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336) + 2 * 4096 * 128256
FLOPS_PER_TOKEN = WEIGHTS + 4 * 101 * 4096
CACHE = 100 * 2 * 8 * 128 * 2
"""The keys and values of a layer: 100 tokens, eight heads of 128, two bytes each."""


def test_the_cache_and_the_flops_of_a_token_meet_exact_limits():
    write_config(f"{DECODE}kv_cache_bytes = {CACHE}\nflops_per_token = {FLOPS_PER_TOKEN}\n")
    code, out, err = convcost("check")
    assert (code, err) == (0, "")
    assert "passed, 1 entry" in out


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (f"max_kv_cache_bytes = {CACHE - 1}", f"llama: KV cache bytes = {CACHE:,}, more than {CACHE - 1:,}"),
        ('max_kv_cache_bytes = "0.4 MB"', f"llama: KV cache bytes = {CACHE:,}, more than 400,000"),
        (
            f"flops_per_token = {FLOPS_PER_TOKEN + 1}",
            f"llama: FLOPs per token = {FLOPS_PER_TOKEN:,}, not {FLOPS_PER_TOKEN + 1:,}",
        ),
    ],
)
def test_more_than_a_limit_fails(limit, sentence):
    write_config(f"{DECODE}{limit}\n")
    code, out, _ = convcost("check")
    assert code == 1
    assert sentence in " ".join(out.split())


def test_a_context_that_stays_open_gives_formulas():
    write_config(f'{OPEN}kv_cache_bytes = "4096*B*T"\n')
    assert convcost("check").code == 0
    write_config(f'{OPEN}kv_cache_bytes = "2048*B*T"\n')
    assert convcost("check").code == 1


def test_an_open_context_takes_its_number_from_the_sizes():
    write_config(f"{OPEN}sizes = {{ B = 3, T = 10 }}\nkv_cache_bytes = {3 * 10 * CACHE // 100}\n")
    assert convcost("check").code == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{MODEL}max_kv_cache_bytes = 1\n", "max_kv_cache_bytes: needs a model with a phase and a context"),
        (f"{MODEL}context = 4\n", "entries.llama.context: needs phase"),
        (f'{MODEL}phase = "decod"\n', "phase: must be prefill or decode, not decod (did you mean decode?)"),
        (f"{DECODE.replace('100', '0')}", "context: is 0; it must be at least 1"),
        (f'{MODEL}phase = "decode"\ncontext = "4 k"\n', "entries.llama.context: "),
        ('[entries.a]\nspec = "Linear(3, 4)"\nphase = "decode"\n', "phase: is only for models"),
    ],
)
def test_an_entry_without_what_a_phase_needs_is_refused(text, message):
    write_config(text)
    assert message in refused("check")


def test_a_phase_without_a_context_says_what_it_needs():
    write_config(f'{MODEL}phase = "decode"\nmax_flops = 1\n')
    assert "a phase needs a context, the number of tokens" in refused("check")
