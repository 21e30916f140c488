"""The JSON contract: which names there are, which values are exact, how ratios are written."""

import json
from dataclasses import replace
from importlib.metadata import version

import pytest

from convcost import compare, cost
from convcost.core.report import CounterResult
from convcost.render import FORMATS, render

LINEAR = {
    "name": "Linear",
    "spec": "Linear(3, 4)",
    "input": [1, 1, 3],
    "input_inferred": True,
    "output": [1, 1, 4],
    "dtype": "float32",
    "params": 16,
    "trainable_params": 16,
    "macs": 12,
    "valid_macs": 12,
    "flops": 24,
    "bias_adds": 4,
    "elementwise": 0,
    "output_elements": 4,
    "activations": 4,
    "flops_per_output_element": 6.0,
    "bytes": 92,
    "arithmetic_intensity": 24 / 92,
    "rows": [
        {
            "path": "0",
            "kind": "Linear",
            "layer": "Linear(3, 4)",
            "input": [1, 1, 3],
            "output": [1, 1, 4],
            "parameters": {"weight": [4, 3], "bias": [4]},
            "params": 16,
            "trainable_params": 16,
            "macs": 12,
            "valid_macs": 12,
            "flops": 24,
            "bias_adds": 4,
            "elementwise": 0,
        }
    ],
    "counters": {},
}

CONTEXT = {
    "schema": "convcost/1",
    "symbols": {"B": 1, "S": 1},
    "assumed": ["B", "S"],
    "assumptions": [],
    "warnings": [],
    "convention": {"count": "matmul", "padding": "full"},
    "versions": {package: version(package) for package in ("torch", "fvcore")},
}


def read(result):
    record = json.loads(render(result, "json"))
    record["versions"].pop("convcost")
    return record


def test_a_report_is_a_candidate_object_with_what_it_rests_on():
    assert read(cost("Linear(3, 4)")) == CONTEXT | LINEAR


def test_a_comparison_has_its_candidates_and_their_ratios():
    assert read(compare("Linear(3, 4)", "b = Linear(3, 4)")) == CONTEXT | {
        "candidates": [LINEAR, LINEAR | {"name": "b"}],
        "ratios": {
            "params": 1.0,
            "trainable_params": 1.0,
            "macs": 1.0,
            "valid_macs": 1.0,
            "flops": 1.0,
            "bias_adds": 1.0,
            "elementwise": None,
            "output_elements": 1.0,
            "activations": 1.0,
            "flops_per_output_element": 1.0,
            "bytes": 1.0,
            "arithmetic_intensity": 1.0,
        },
    }


def test_a_third_candidate_has_its_own_ratios():
    result = read(compare("a = Linear(3, 4)", "b = Linear(3, 8)", "c = Linear(3, 2)"))
    assert [candidate.get("ratios", {}).get("macs") for candidate in result["candidates"]] == [
        None,
        None,
        0.5,
    ]
    assert result["ratios"]["macs"] == 2.0


def test_integers_stay_exact_beyond_64_bits():
    text = render(cost("Linear(E, E)", E=10**20 + 1), "json")
    assert json.loads(text)["macs"] == (10**20 + 1) ** 2
    assert f'"flops": {2 * (10**20 + 1) ** 2},' in text


def test_numbers_too_large_for_a_float_are_written_all_the_same():
    wide = "[" + ", ".join("E" * 12) + "] -> Linear(E, E, bias=False)"
    text = render(compare(wide, "[E] -> Linear(E, E)", E=10**30), "json")
    assert json.loads(text)["candidates"][0]["macs"] == 10**390


def test_sizes_shapes_and_counts_are_integers():
    def numbers(value):
        match value:
            case dict():
                for name, inner in value.items():
                    if name not in ("flops_per_output_element", "arithmetic_intensity", "ratios"):
                        yield from numbers(inner)
            case list():
                for inner in value:
                    yield from numbers(inner)
            case int() | float():
                yield value

    assert all(isinstance(number, int) for number in numbers(read(compare(E=128, L=10))))


def test_a_counters_result_is_an_object_under_its_name():
    report = cost("Linear(3, 4)")
    counted = replace(report, counters={"fvcore": CounterResult("agrees", 24, 12, "MAC", "")})
    assert read(counted)["counters"] == {
        "fvcore": {"verdict": "agrees", "flops": 24, "raw": 12, "raw_unit": "MAC", "reason": ""}
    }


def test_the_text_ends_with_one_line_break():
    text = render(cost("Linear(3, 4)"), "json")
    assert text.endswith("}\n")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_a_module_named_as_it(name):
    assert __import__(f"convcost.render.{name}", fromlist=["render"]).render
