"""Results in Python: printed, compared, added up, hashed, pickled, as plain data and as data frames."""

import copy
import json
import pickle

import pytest
import torch
from torch import nn

import convcost
from convcost.render import render


def net():
    return nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 2))


RESULTS = {
    "a report": lambda: convcost.cost("[2, 3] -> Linear(3, 4)"),
    "an open report": lambda: convcost.cost("[2, 3] -> Linear(3, E)"),
    "a module's report": lambda: convcost.cost(net(), "[4,8]", backward=True),
    "an open module's report": lambda: convcost.cost(net(), "[B,8]"),
    "a sum": lambda: sum([convcost.cost("Linear(3, 4)"), convcost.cost("Linear(4, 4)")]),
    "a comparison": convcost.compare,
    "a match": lambda: convcost.match("Linear(3, 40)", "Linear(E, E)", vary="E"),
    "a sweep": lambda: convcost.sweep("Linear(E, E)", over={"E": [1, 2]}),
    "an explanation": lambda: convcost.explain("Linear(3, E)"),
}
DATA = {
    "memory": lambda: convcost.memory("Linear(3, E)"),
    "a roofline": lambda: convcost.roofline("Linear(3, E)", "h100"),
    "a spec": lambda: convcost.parse("Linear(3, E)"),
}

EVERY = pytest.mark.parametrize("make", RESULTS.values(), ids=RESULTS)


@EVERY
def test_a_result_is_shown_as_its_table_of_80_columns_without_colours(make):
    result = make()
    assert repr(result) == str(result) == render(result, "table").rstrip("\n")
    assert max(map(len, repr(result).splitlines())) <= 80
    assert "\x1b" not in repr(result)


@EVERY
def test_a_result_as_plain_data_is_what_json_has(make):
    assert make().to_dict() == json.loads(render(make(), "json"))


@pytest.mark.parametrize("make", (RESULTS | DATA).values(), ids=RESULTS | DATA)
def test_a_result_is_frozen_data(make):
    result = make()
    assert result == make()
    assert hash(result) == hash(make())
    for copied in (pickle.loads(pickle.dumps(result)), copy.copy(result), copy.deepcopy(result)):
        assert copied == result
        assert hash(copied) == hash(result)


def test_reports_of_other_costs_sizes_or_names_are_not_equal():
    report = convcost.cost("a = [2, 3] -> Linear(3, E)", E=4)
    others = [
        ("a = [2, 3] -> Linear(3, E)", 5),
        ("b = [2, 3] -> Linear(3, E)", 4),
        ("a = [3, 3] -> Linear(3, E)", 4),
    ]
    assert all(convcost.cost(text, E=size) != report for text, size in others)
    assert report != "a"
    assert {report, convcost.cost("a = [2, 3] -> Linear(3, E)", E=4)} == {report}


def test_a_comparison_as_a_data_frame_has_a_row_for_each_candidate():
    frame = pytest.importorskip("pandas") and convcost.compare(E=128, L=10).to_pandas()
    assert frame["name"].tolist() == ["dense", "conv"]
    assert frame["flops"].tolist() == [327_680, 1_966_080]


def test_integers_in_a_data_frame_are_exact():
    pytest.importorskip("pandas")
    size = 10**12 + 1
    assert convcost.cost("[1, E] -> Linear(E, E, bias=False)", E=size).to_pandas()["macs"][0] == size**2


def test_a_module_as_a_data_frame_has_a_row_for_each_submodule():
    pytest.importorskip("pandas")
    frame = convcost.cost(net(), "[4,8]").to_pandas()
    assert frame["path"].tolist()[-3:] == ["0", "1", "2"]
    assert frame["macs"].sum() == 2 * 1280


def test_a_sweep_as_a_data_frame_is_its_table():
    pytest.importorskip("pandas")
    found = convcost.sweep("Linear(E, E)", over={"E": [1, 2]})
    assert found.to_pandas().equals(found.pandas())


def test_without_pandas_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(convcost.ConvcostError, match=r"^pandas is not installed\npip install pandas$"):
        convcost.cost("Linear(3, 4)").to_pandas()


def test_a_sum_of_modules_and_specs_adds_up_what_adds_up():
    module, spec = (
        convcost.cost(net(), "[4,8]", backward=True),
        convcost.cost("[4,2] -> Linear(2,3)", backward=True),
    )
    total = sum([module, spec, module])
    for name in (
        "params",
        "macs",
        "flops",
        "valid_macs",
        "bias_adds",
        "elementwise",
        "activations",
        "training_flops",
    ):
        assert getattr(total, name) == 2 * getattr(module, name) + getattr(spec, name), name
    assert total.flops_per_output_element == total.flops / 8


def test_a_sum_without_every_backward_has_none():
    total = convcost.cost(net(), "[4,8]", backward=True) + convcost.cost("[4,2] -> Linear(2,3)")
    assert (total.phases, total.training_flops) == ({}, None)


@pytest.mark.parametrize("first", [1, 0.0, False, None])
def test_nothing_but_0_is_added_in_front(first):
    with pytest.raises(TypeError, match="unsupported operand"):
        first + convcost.cost("Linear(3, 4)")
    assert 0 + convcost.cost("Linear(3, 4)") == convcost.cost("Linear(3, 4)")


def test_inputs_by_name_and_by_text_are_told_from_sizes():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 2)

        def forward(self, x, mask=None, scale=1):
            return self.layer(x if mask is None else x * mask) * scale

    module = Masked()
    assert convcost.cost(module, "f32[B,8]", mask="f32[B,8]").macs == convcost.cost(module, "f32[B,8]").macs
    assert convcost.cost(module, "f32[B,8]", mask="f32[B,8]", B=3).macs == 48
    assert convcost.cost(module, torch.zeros(3, 8), mask="f32[3,8]", scale=2).macs == 48
    assert convcost.cost(module, torch.zeros(3, 8), {"mask": torch.ones(3, 8)}).macs == 48
    assert (
        convcost.compare((module, "[3,8]", {"mask": torch.ones(3, 8)}), "[3,8] -> Linear(8,1)").first.macs
        == 48
    )
    assert convcost.cost(module, x=torch.zeros(3, 8)).macs == 48
    assert convcost.cost(module, torch.zeros(3, 8), "mask=[B,1,8]").subs(B=1).macs == 48
    assert convcost.profile(module, "[3,8]", mask=torch.ones(3, 8)).macs == 48
    assert convcost.cost(module, "[3,8]", scale=5).macs == 48
    for wrong in ({"mask": "f32[3,8"}, {"other": 3}, {"other": "x"}):
        with pytest.raises((convcost.ConvcostError, TypeError)):
            convcost.cost(module, "f32[3,8]", **wrong)
