"""Warnings of torch: those on the module of a design are not shown, those on a user's module are."""

import warnings

import pytest
from cli_runner import convcost

DESIGNS = (
    "[2,7] -> Softmax",
    "[2,7] -> Softmin",
    "[2,7] -> LogSoftmax",
    "[2,8] -> Dropout2d",
    "[2,4] -> KLDivLoss()(x, [2,4])",
    "[4,8] -> RNN(8, 8, dropout=0.5)",
    "[4,2,8] -> TransformerEncoderLayer(8, 1)",
    "[4,2,8] -> Transformer(8, 1)(x, [4,2,8])",
    "[2,3,8,8] -> Conv2d(3, 4, 2, padding=same)",
    "[2,3,8,8] -> Upsample(scale_factor=2, mode=bilinear)",
)

SOFTMAX = """\
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def forward(self, x):
        return F.softmax(x)
"""


def warned(*arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert convcost(*arguments).code == 0
    return [str(each.message).partition(" ")[0] for each in caught if each.category is UserWarning]


@pytest.mark.parametrize("design", DESIGNS)
def test_nothing_is_shown_of_what_torch_says_about_a_designs_own_module(design):
    assert warned("cost", design, "--memory") == []


def test_what_torch_says_about_a_users_module_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(SOFTMAX)
    assert warned("cost", "net.py:Net", "--input", "f32[2,7]", "--counters", "none") == ["Implicit"]
