"""Models in files, loaded and counted as the command line does it."""

import textwrap

import pytest

from convcost.tracing.declared_inputs import parse_inputs
from convcost.tracing.profile import Profiler
from convcost.tracing.target.profile import profile_target
from convcost.tracing.target.target import Target, parse_place

HEAD = "import torch\nfrom torch import nn\n"

LINEAR = """
class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return self.fc(x)
"""


def written(path, code):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + textwrap.dedent(code))


def run(text, *inputs, maker="", memory=2**30, train=False, **arguments):
    place = parse_place(maker) if maker else None
    target = Target(parse_place(text), arguments, parse_inputs(inputs), maker=place, train=train)
    return profile_target(target, Profiler(memory=memory))


def refused(kind, *arguments, **named):
    with pytest.raises(kind) as error:
        run(*arguments, **named)
    return str(error.value)
