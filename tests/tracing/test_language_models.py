"""Language models: masks that choose a kernel, positions, experts in any dtype; none takes its memory."""

import pytest
import torch
import torch.nn.functional as F
from models import Calls
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from tracing.targets import refused, run, written

from convcost.tracing.profile import Profiler, profile
from convcost.tracing.user_error import TargetError

T, E, VOCABULARY = 1024, 64, 512
PRODUCTS = T * E * VOCABULARY
SCORES = 2 * T * T * E


class Decoder(nn.Module):
    """One attention whose kernel a mask chooses: as a causal one, or with a mask of all pairs."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, E)
        self.head = nn.Linear(E, VOCABULARY, bias=False)

    def forward(self, input_ids, attention_mask=None):
        x = self.embedding(input_ids).unsqueeze(1)
        is_whole = attention_mask is None or bool(attention_mask.bool().all())
        positions = torch.arange(x.shape[2], device=x.device)
        pairs = None if is_whole else attention_mask.bool()[:, None, None] & (positions[:, None] >= positions)
        return self.head(F.scaled_dot_product_attention(x, x, x, pairs, is_causal=is_whole))


CAUSAL = (PRODUCTS + SCORES, PRODUCTS + T * (T + 1) * E)
"""All MACs, and those on pairs that are not masked."""

DECODER = """
from tracing.test_language_models import Decoder as Net
"""


@pytest.mark.parametrize("masks", [(), (f"attention_mask=i64[1,{T}]",), (f"attention_mask=bool[1,{T}]",)])
def test_a_declared_attention_mask_masks_nothing(folder, masks):
    written(folder / "net.py", DECODER)
    report = run("net.py:Net", f"input_ids=i64[1,{T}]", *masks, memory=0).report
    assert (report.macs, report.cost.valid_macs, report.trace.ran) == (*CAUSAL, "shapes")


def test_a_declared_mask_is_known_by_place(folder):
    written(folder / "net.py", DECODER)
    report = run("net.py:Net", f"i64[1,{T}]", f"i64[1,{T}]", memory=0).report
    assert (report.macs, report.cost.valid_macs) == CAUSAL


@pytest.mark.parametrize("is_training", [False, True])
@pytest.mark.parametrize("has_gradients", [False, True])
@pytest.mark.parametrize("of_input", ["meta", "cpu"])
def test_a_model_on_the_meta_device_reads_masks(of_input, has_gradients, is_training):
    with torch.device("meta"):
        module = Decoder().train(is_training)
    ones = torch.ones(1, T, dtype=torch.long, device=of_input)
    with torch.set_grad_enabled(has_gradients):
        report = profile(module, ones, attention_mask=ones)
    assert (report.macs, report.cost.valid_macs, report.trace.is_partial) == (*CAUSAL, False)


def test_a_mask_with_data_chooses_by_it():
    mask = torch.ones(1, T, dtype=torch.long)
    mask[0, -1] = 0
    report = profile(Decoder(), torch.zeros(1, T, dtype=torch.long), mask)
    assert (report.macs, report.cost.valid_macs) == (CAUSAL[0], CAUSAL[0])


def test_each_gradient_of_a_masked_decoder_costs_its_forward():
    ids = torch.zeros(1, T, dtype=torch.long)
    trace = Profiler(backward=True).profile(Decoder(), ids, torch.ones_like(ids)).trace
    assert trace.total("gradient by weight").macs == PRODUCTS
    assert trace.total("gradient by input").macs == PRODUCTS + 2 * SCORES


def test_a_constant_of_a_model_on_the_meta_device_has_data():
    def forward(module, x):
        return module.fc(x) if torch.ones(x.shape[:1], device=x.device).all() else x

    with torch.device("meta"):
        module, x = Calls(forward, fc=nn.Linear(4, 8)), torch.zeros(3, 4)
    assert profile(module, x).macs == 3 * 4 * 8


@pytest.mark.parametrize("side", [300, 1000])
def test_a_mask_as_numbers_keeps_its_values(side):
    """Made, converted, made smaller, and read."""

    def forward(module, x):
        mask = torch.ones(1, 1, side, side, device=x.device, dtype=torch.long).float()
        is_whole = F.interpolate(mask, size=(7, 7)).bool().all()
        return module.fc(x) if is_whole else x

    x = torch.zeros(3, 4, device="meta")
    assert profile(Calls(forward, fc=nn.Linear(4, 8, device="meta")), x).macs == 3 * 4 * 8


@pytest.mark.parametrize("has_gradients", [False, True])
def test_what_a_mask_selects_is_known_from_the_mask(has_gradients):
    def forward(module, x, mask):
        y = x.clone()
        y[mask] = torch.zeros(4)
        return module.fc(y[mask]), y[:, mask[1]]

    mask = torch.zeros(2, 5, dtype=torch.bool)
    mask[0, 1] = mask[1, 3] = mask[1, 4] = True
    x = torch.zeros(2, 5, 4, device="meta", requires_grad=has_gradients)
    report = profile(Calls(forward, fc=nn.Linear(4, 8, device="meta")), x, mask)
    assert report.macs == 3 * 4 * 8
    assert [output.shape for output in report.trace.outputs] == [(3, 8), (2, 2, 4)]


def test_more_tokens_than_small_constants_keep_their_values():
    ids = torch.zeros(200, 500, dtype=torch.long)
    module = Calls(lambda m, ids: m.fc(m.table(ids)) if (ids == 0).all() else ids)
    module.table, module.fc = nn.Embedding(7, 4, device="meta"), nn.Linear(4, 8, device="meta")
    assert profile(module, ids).macs == ids.numel() * 4 * 8


GROWING = {
    "all pairs": lambda ids: ids[0][:, None] >= ids[0],
    "repeated": lambda ids: ids.repeat(20_000, 1),
    "of a size": lambda ids: ids.new_zeros(20_000, 20_000),
    "padded": lambda ids: F.pad(ids, (0, 400_000_000)),
    "as one of many": lambda ids: F.one_hot(ids, 20_000),
}


class Grows(nn.Module):
    """Raises where its result has memory."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def forward(self, ids):
        found = GROWING[self.name](ids)
        with torch._C.DisableTorchFunction():
            assert found.is_meta
        return ids


@pytest.mark.parametrize("name", GROWING)
def test_what_comes_of_small_integers_takes_no_memory_once_it_is_large(name):
    assert profile(Grows(name), torch.zeros(1, 20_000, dtype=torch.long)).trace.ran == "shapes"


G, K, N = 8, 32, 48


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("has_gradients", [False, True])
def test_experts_cost_each_token_one_expert_in_any_dtype(dtype, has_gradients):
    """A router splits the tokens as data says, which does not change the cost of a grouped product."""

    def forward(module, x):
        expert = module.router(x).argmax(-1)
        order = expert.argsort()
        ends = torch.histc(expert[order].float(), bins=G, min=0, max=G - 1).cumsum(0, dtype=torch.int32)
        return F.grouped_mm(x[order], module.experts, offs=ends)

    module = Calls(forward, router=nn.Linear(K, G, device="meta", dtype=dtype))
    module.experts = nn.Parameter(torch.empty(G, K, N, device="meta", dtype=dtype))
    x = torch.empty(16, K, device="meta", dtype=dtype)
    with torch.set_grad_enabled(has_gradients):
        report = profile(module, x)
    assert (report.macs, report.output, report.trace.is_partial) == (16 * K * (G + N), (16, N), False)


def test_groups_of_other_sizes_are_refused_as_torch_does():
    operands = torch.empty(16, K, device="meta"), torch.empty(G, K + 1, N, device="meta")
    with pytest.raises(RuntimeError):
        profile(
            Calls(lambda _, *x: F.grouped_mm(*x, offs=torch.tensor([16] * G, dtype=torch.int32))), *operands
        )


def test_a_missing_key_makes_no_model_with_data(folder):
    code = """
    made = []
    def note(module):
        made.append(module.weight.is_meta)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)
            note(self.fc)
            self.base = {"type": "default"}["theta"]
    """
    written(folder / "net.py", code)
    assert "KeyError: 'theta'" in refused(TargetError, "net.py:Net", "[2,4]")
    import net

    assert net.made == [True]


DECODERS = (
    *("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "gpt2", "gpt_neox", "gptj"),
    *("phi", "phi3", "falcon", "opt", "bloom", "mpt", "bert", "roberta", "electra", "mamba", "mamba2"),
)
MIXTURES = ("mixtral", "qwen3_moe", "gpt_oss", "deepseek_v3", "jamba")


@pytest.mark.slow
@pytest.mark.parametrize("has_mask", [False, True])
@pytest.mark.parametrize("kind", DECODERS + MIXTURES)
def test_a_published_decoder_counts_as_flop_counter_mode_counts_it(kind, has_mask):
    """It has no formula for grouped products: experts run as a batch of products there."""
    transformers = pytest.importorskip("transformers")
    layers = {"first_k_dense_replace": 1} if kind == "deepseek_v3" else {}
    config = transformers.AutoConfig.for_model(kind, **layers)
    for name in ("num_hidden_layers", "n_layer", "n_layers"):
        if name in {*vars(config), *config.attribute_map}:
            setattr(config, name, 8 if kind == "jamba" else 2)
    with torch.device("meta"):
        module = transformers.AutoModelForCausalLM.from_config(config).eval()
    inputs = {"input_ids": torch.zeros(1, 32, dtype=torch.long, device="meta")}
    masks = {"attention_mask": torch.ones(1, 32, dtype=torch.long)} if has_mask else {}
    report = profile(module, **inputs, **masks)
    if kind in MIXTURES:
        module.set_experts_implementation("batched_mm")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(**inputs)
    assert (report.flops, report.trace.ran) == (counter.get_total_flops(), "shapes")
    assert not report.trace.is_partial
