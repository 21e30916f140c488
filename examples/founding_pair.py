"""Dense against conv: merge ten positions into one Linear, or slide two convolutions over them."""

import convcost

comparison = convcost.compare(
    "dense = [B, S, 10E] -> Linear(10E, E)",
    "conv = [B*S, E, 10] -> 2 x Conv1d(E, E, 3, padding=same)",
    E=128,
)
dense, conv = comparison.candidates

print(comparison)
print(f"conv / dense: {conv.flops / dense.flops:.2f} FLOPs, {conv.params / dense.params:.2f} parameters")
