"""A small transformer: where attention overtakes the layers around it as the sequence grows."""

import torch
from torch import nn

import convcost

WIDTH, HEADS = 256, 4


def encoder(layers: int = 4) -> nn.Module:
    """[batch, length, width] → the same."""
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, batch_first=True)
    return nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)


def attention_share(report: convcost.Report) -> float:
    """The part of all multiply–accumulates that are scores and their products with values."""
    products = "aten::scaled_dot_product_attention"
    macs = sum(found.cost.macs for found in report.trace.operations if found.operator == products)
    return macs / report.macs


if __name__ == "__main__":
    model = encoder().to("meta")
    for length in (128, 1024, 8192):
        report = convcost.profile(model, torch.empty(1, length, WIDTH, device="meta"))
        print(f"length {length:5}: {report.macs / 1e9:7.2f} GMACs, {attention_share(report):.0%} attention")
