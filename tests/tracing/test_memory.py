"""Models and inputs that fit in no memory are counted in little of it."""

import subprocess
import sys

ALLOWED = 300

SCRIPT = """
import resource
import torch
from torch import nn
import torch.nn.functional as F

def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

before = used()

class Block(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.width = width
        outputs = (width, width // 8, width // 8)
        self.projections = nn.ModuleList(nn.Linear(width, size, bias=False) for size in outputs)
        self.output = nn.Linear(width, width, bias=False)
        self.gate, self.up = (nn.Linear(width, hidden, bias=False) for _ in range(2))
        self.down = nn.Linear(hidden, width, bias=False)
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in range(2))

    def forward(self, x):
        normal = self.norms[0](x)
        heads = (project(normal).unflatten(-1, (-1, 128)).transpose(1, 2) for project in self.projections)
        seen = F.scaled_dot_product_attention(*heads, enable_gqa=True)
        x = x + self.output(seen.transpose(1, 2).flatten(2))
        normal = self.norms[1](x)
        return x + self.down(F.silu(self.gate(normal)) * self.up(normal))

with torch.device("meta"):
    blocks = (Block(8192, 28672) for _ in range(80))
    model = nn.Sequential(nn.Embedding(128256, 8192), *blocks, nn.Linear(8192, 128256, bias=False))

import convcost

report = convcost.profile(model, torch.empty(2**20, 2048, dtype=torch.int64, device="meta"))
print(report.params, report.macs, int(used() - before))
"""


def test_seventy_billion_parameters_on_a_million_sequences_take_little_memory():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    params, macs, megabytes = map(int, done.stdout.split())
    width, hidden, words, length = 8192, 28672, 128256, 2048
    matrices = 2 * width**2 + 2 * width * width // 8 + 3 * width * hidden
    assert params == 80 * (matrices + 2 * width) + 2 * words * width
    attention = 2 * length * width
    assert macs == 2**20 * length * (80 * (matrices + attention) + words * width)
    assert megabytes < ALLOWED
