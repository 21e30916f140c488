"""What a transformer keeps for its backward, against the formula that was published of it."""

from torch import empty, nn
from torch.nn.functional import gelu

from convcost import Profiler, memory

BATCH, POSITIONS, WIDTH, HEADS = 3, 40, 64, 4

STATISTICS = 2 * 2 * 4
"""Bytes for each position: the means and deviations of two normalisations, which the paper leaves out."""


class Layer(nn.Module):
    """As in Reducing Activation Recomputation in Large Transformer Models (Korthikanti et al.), 4.1."""

    def __init__(self, attends):
        super().__init__()
        self.attends = attends
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.into, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        query, key, value = map(apart, self.into(self.before(x)).chunk(3, dim=-1))
        attended = self.attends(query, key, value, self.dropout).transpose(1, 2).flatten(2)
        x = x + self.dropout(self.out(attended))
        return x + self.dropout(self.down(gelu(self.up(self.between(x)))))


def apart(tensor):
    return tensor.unflatten(-1, (HEADS, -1)).transpose(1, 2)


def by_matrix(query, key, value, dropout):
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    return dropout(scores.softmax(dim=-1)) @ value


def fused(query, key, value, _):
    return nn.functional.scaled_dot_product_attention(query, key, value)


def kept(attends):
    given = empty(BATCH, POSITIONS, WIDTH, device="meta")
    report = Profiler(footprint="bf16").profile(Layer(attends).to("meta"), given)
    return memory(report).activations


def test_a_transformer_layer_keeps_34_bytes_for_each_element_and_5_for_each_score():
    elements, scores = BATCH * POSITIONS * WIDTH, BATCH * HEADS * POSITIONS**2
    assert kept(by_matrix) == 34 * elements + 5 * scores + STATISTICS * BATCH * POSITIONS


def test_fused_attention_keeps_a_float32_for_each_row_in_place_of_scores():
    elements, rows = BATCH * POSITIONS * WIDTH, BATCH * HEADS * POSITIONS
    assert kept(fused) == 34 * elements + 4 * rows + STATISTICS * BATCH * POSITIONS
