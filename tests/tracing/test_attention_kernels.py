"""Attention as fused kernels are called: positions before heads, sequences in a row, masks and windows."""

import pytest
import torch
from models import Calls
from torch.nn.attention.varlen import varlen_attn

from convcost.analysis.breakdown import operator_totals
from convcost.operators import OPERATORS
from convcost.operators.attention_kernels import Mask
from convcost.operators.interface import ShapeOperand
from convcost.tracing.profile import profile

BATCH, HEADS, QUERIES, KEYS, WIDTH = 2, 4, 6, 9, 16
OUTER, WIDTHS = BATCH * HEADS, 2 * WIDTH

QUERY, KEY = ShapeOperand((BATCH, QUERIES, HEADS, WIDTH)), ShapeOperand((BATCH, KEYS, HEADS, WIDTH))
OPERANDS = {"query": QUERY, "key": KEY, "value": KEY}
FIRST_HEADS = {
    "query": ShapeOperand((BATCH, HEADS, QUERIES, WIDTH)),
    "key": ShapeOperand((BATCH, HEADS, KEYS, WIDTH)),
}

FROM_LAST = sum(KEYS - QUERIES + place for place in range(1, QUERIES + 1))
FROM_FIRST = sum(range(1, QUERIES + 1))

MASKS = {
    "flash": ("_flash_attention_forward", {}, QUERIES * KEYS),
    "causal flash": ("_flash_attention_forward", {"is_causal": True}, FROM_LAST),
    "flash in a window": (
        "_flash_attention_forward",
        {"window_size_left": 1, "window_size_right": 0},
        2 * QUERIES,
    ),
    "efficient": ("_efficient_attention_forward", {"custom_mask_type": 0}, QUERIES * KEYS),
    "efficient from the first key": ("_efficient_attention_forward", {"custom_mask_type": 1}, FROM_FIRST),
    "efficient from the last key": ("_efficient_attention_forward", {"custom_mask_type": 2}, FROM_LAST),
}


@pytest.mark.parametrize("name", MASKS)
def test_all_pairs_count_and_those_that_are_seen_are_valid(name):
    operator, options, seen = MASKS[name]
    cost = OPERATORS[operator].cost(**OPERANDS, **options, output=QUERY)
    assert (cost.macs, cost.valid_macs) == (OUTER * QUERIES * KEYS * WIDTHS, OUTER * seen * WIDTHS)


@pytest.mark.parametrize("operator", ["_flash_attention_backward", "_efficient_attention_backward"])
def test_a_backward_is_four_products_of_the_scores(operator):
    cost = OPERATORS[operator].cost(**OPERANDS, output=QUERY)
    assert cost.macs == OUTER * QUERIES * KEYS * (4 * WIDTH)


def test_cudnn_has_its_heads_first():
    operands = {**FIRST_HEADS, "value": FIRST_HEADS["key"]}
    cost = OPERATORS["_cudnn_attention_forward"].cost(**operands, is_causal=True, output=operands["query"])
    assert (cost.macs, cost.valid_macs) == (OUTER * QUERIES * KEYS * WIDTHS, OUTER * FROM_LAST * WIDTHS)


@pytest.mark.parametrize("queries", [3, 5, 8])
@pytest.mark.parametrize("keys", [3, 5, 8])
@pytest.mark.parametrize(
    "mask", [Mask(None, 0), Mask(None, 0, True), Mask(2, 0), Mask(1, 2), Mask(-1, 1, True)]
)
def test_a_mask_sees_as_many_pairs_as_its_matrix_has(mask, queries, keys):
    rows, columns = torch.arange(queries)[:, None], torch.arange(keys)
    distance = columns - rows - (0 if mask.from_first else keys - queries)
    left = keys + queries if mask.left in (None, -1) else mask.left
    assert mask.visible_pairs(queries, keys) == int(((distance >= -left) & (distance <= mask.right)).sum())


def empty(*shape):
    return torch.empty(*shape, dtype=torch.float16, device="meta")


def attended(starts, most, window=(-1, -1)):
    module = Calls(
        lambda _, query, key, starts: varlen_attn(
            query, key, key, starts, starts, most, most, window_size=window
        )
    )
    return profile(module, empty(8, HEADS, WIDTH), empty(8, HEADS, WIDTH), starts)


def test_sequences_in_a_row_attend_each_to_itself():
    report = attended(torch.tensor([0, 3, 8], dtype=torch.int32), 5)
    assert report.macs == HEADS * (3 * 3 + 5 * 5) * WIDTHS
    assert not report.trace.is_partial
    assert not operator_totals(report.trace)[0].estimated


def test_a_causal_window_of_sequences_sees_each_triangle():
    report = attended(torch.tensor([0, 3, 8], dtype=torch.int32), 5, (-1, 0))
    assert report.cost.valid_macs == HEADS * (6 + 15) * WIDTHS


def test_lengths_without_data_are_estimated_by_the_longest():
    report = attended(torch.empty(3, dtype=torch.int32, device="meta"), 5)
    assert report.macs == HEADS * 8 * 5 * WIDTHS
    assert operator_totals(report.trace)[0].estimated


def test_lengths_of_open_sequences_are_estimated_too():
    from convcost.tracing.declared_inputs import DeclaredTensor
    from convcost.tracing.symbolic_shapes.profile import profile_open

    pytest.importorskip("sympy")
    module = Calls(lambda _, x, starts: varlen_attn(x, x, x, starts, starts, 5, 5))
    inputs = DeclaredTensor("float16", ("T", HEADS, WIDTH)), DeclaredTensor("int32", ("B",))
    report = profile_open(module, inputs)
    assert str(report.macs) == f"{HEADS * 5 * WIDTHS}*T"
    assert operator_totals(report.trace)[0].estimated


def test_keys_in_use_are_those_that_count():
    starts, used = torch.tensor([0, 1, 2]), torch.tensor([7, 4])
    cost = OPERATORS["torch_attn::_varlen_attn"].cost(
        query=ShapeOperand((2, HEADS, WIDTH)),
        key=ShapeOperand((3, 16, HEADS, WIDTH)),
        value=ShapeOperand((3, 16, HEADS, WIDTH)),
        cu_seq_q=starts,
        cu_seq_k=None,
        max_q=1,
        max_k=16,
        seqused_k=used,
        output=ShapeOperand((2, HEADS, WIDTH)),
    )
    assert cost.macs == HEADS * (7 + 4) * WIDTHS


def test_efficient_attention_of_sequences_in_a_row_has_a_batch_of_one():
    starts = torch.tensor([0, 3, 8])
    query = ShapeOperand((1, 8, HEADS, WIDTH))
    cost = OPERATORS["_efficient_attention_forward"].cost(
        query=query, key=query, value=query, cu_seqlens_q=starts, cu_seqlens_k=starts, output=query
    )
    assert cost.macs == HEADS * (9 + 25) * WIDTHS
