"""A torch module's report in every format: trees set in by depth, what is missing said first."""

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest
import torch
from torch import nn

import convcost
from convcost.core.cost import convention
from convcost.core.trace import UncountedCall
from convcost.render import FORMATS, render
from convcost.render.style import Style, View


def chain(depth):
    """Modules within modules, a linear layer in the innermost."""
    inner = nn.Linear(4, 4)
    for _ in range(depth):
        inner = nn.Sequential(inner, nn.ReLU())
    return inner


@pytest.fixture(scope="module")
def report():
    return convcost.profile(chain(2), torch.empty(3, 4, device="meta"))


TABLE = """\
 Sequential
 input       input float32 (3, 4)
 output      float32 (3, 4)
 mode        training

 module           input   output   params   MACs   FLOPs   share
─────────────────────────────────────────────────────────────────
 0: Sequential   (3, 4)   (3, 4)       20     48      96    100%
   0: Linear     (3, 4)   (3, 4)       20     48      96    100%
   1: ReLU       (3, 4)   (3, 4)        0      0       0
 1: ReLU         (3, 4)   (3, 4)        0      0       0
 total                                 20     48      96    100%

 operator   calls   MACs   FLOPs   share   elementwise
───────────────────────────────────────────────────────
 linear         1     48      96    100%             0
 relu           2      0       0                    24
 total          3     48      96    100%            24
"""


def test_a_profile_prints_its_tree(report):
    assert str(report).startswith(TABLE)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_ends_with_a_line_and_takes_ascii(report, name):
    text = render(report, name, Style(unicode=False))
    assert text.endswith("\n")
    assert text.isascii()


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("markdown", ["| 0: Sequential |", "| &nbsp;&nbsp;&nbsp;&nbsp;0: Linear |"]),
        ("html", ['font-weight:normal">0: Sequential<', 'font-weight:normal;padding-left:2em">0: Linear<']),
        ("latex", ["\n0: Sequential & ", "\n\\quad 0: Linear & "]),
        ("table", ["\n 0: Sequential ", "\n   0: Linear "]),
    ],
)
def test_depth_is_shown_by_indentation(report, name, lines):
    text = render(report, name)
    assert [line for line in lines if line not in text] == []


def test_a_notebook_shows_it(report):
    assert report._repr_html_().startswith("<div><p><b>Sequential</b>")


def test_csv_is_a_line_for_each_module_and_json_has_the_same(report):
    rows = list(csv.DictReader(StringIO(render(report, "csv"))))
    modules = json.loads(render(report, "json"))["modules"]
    assert [(row["path"], row["macs"]) for row in rows] == [
        (module["path"], str(module["macs"])) for module in modules
    ]
    assert [row["path"] for row in rows] == ["", "0", "0.0", "0.1", "1"]


def test_csv_has_operators_instead_if_asked(report):
    lines = render(report, "csv", Style(view=View(by="operator"))).splitlines()
    assert [line.split(",")[:3] for line in lines] == [
        ["operator", "calls", "macs"],
        ["aten::linear", "1", "48"],
        ["aten::relu", "2", "0"],
    ]


def labels(report, **view):
    text = render(report, "table", Style(view=View(**view)))
    return [line.split(":")[0] for line in text.split("\n\n")[1].splitlines()[2:]]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_depth_is_kept_to(report, depth):
    deepest = convcost.profile(chain(3), torch.empty(1, 4))
    indented = max(len(label) - len(label.lstrip()) for label in labels(deepest, depth=depth))
    assert indented == 1 + 2 * (depth - 1)


def alternating(pairs):
    return nn.Sequential(*(layer for _ in range(pairs) for layer in (nn.Linear(1, 1), nn.ReLU())))


def test_without_a_depth_a_tree_is_as_deep_as_a_screen_has_room_for():
    wide = nn.Sequential(*(alternating(pairs) for pairs in (4, 30, 4)))
    report = convcost.profile(wide, torch.empty(1, 1))
    assert len(labels(report)) == 4
    assert "Rows include their submodules; --depth 2 shows all of them." in str(report)
    assert "Deeper" not in render(report, "table", Style(view=View(depth=2)))
    assert len(labels(report, depth=2)) == 3 + 8 + 60 + 8 + 1


def test_the_parts_of_a_tree_add_up_to_its_total(report):
    class Adds(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x):
            return self.fc(x) @ x.mT

    text = str(convcost.profile(Adds(), torch.empty(2, 4)))
    assert [line.split()[-3:] for line in text.split("\n\n")[1].splitlines()[2:]] == [
        ["16", "32", "33.3%"],
        ["32", "64", "66.7%"],
        ["48", "96", "100%"],
    ]


def missing(count):
    return tuple(
        UncountedCall(f"block.{place}", "mine::scan", ((2, 3),), place + 1) for place in range(count)
    )


def with_uncounted(report, count):
    return replace(report, trace=report.trace._replace(uncounted=missing(count)))


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (
            1,
            "The count is partial: mine::scan in block.0 (1 call on (2, 3)) has no formula, so its cost is "
            "missing.",
        ),
        (
            2,
            "The count is partial: mine::scan in block.0 (1 call on (2, 3)); mine::scan in block.1 (2 calls "
            "on (2, 3)) have no formula, so their cost is missing.",
        ),
        (8, "mine::scan in block.5 (6 calls on (2, 3)); and 2 more have no formula"),
    ],
)
def test_what_is_missing_is_named_first(report, count, sentence):
    text = render(with_uncounted(report, count), "markdown")
    first_note = next(line for line in text.splitlines() if line.startswith("- The count"))
    assert sentence in first_note
    assert f"| mine::scan | {sum(range(count + 1))} |  | not counted |" in text


def test_a_partial_candidate_is_named_in_a_comparison(report):
    comparison = convcost.compare(report, with_uncounted(replace(report, name="other"), 1))
    assert "The count of other is partial: mine::scan" in str(comparison).replace("\n ", " ")
    assert "The count of Sequential" not in str(comparison)


def test_estimates_are_told_from_exact_counts():
    class Fourier(nn.Module):
        def forward(self, x):
            return torch.fft.rfft(x)

    text = str(convcost.profile(Fourier(), torch.empty(2, 8)))
    assert "Estimated by a common rule, not exact: _fft_r2c." in text


class Multiplies(nn.Module):
    def forward(self, left, right):
        return left @ right


def test_complex_products_are_said_to_count_as_four_real_ones():
    numbers = torch.zeros(2, 2, dtype=torch.complex64)
    report = convcost.profile(Multiplies(), numbers, numbers)
    assert "Each complex MAC is counted as 4 real ones: matmul." in str(report)
    (operator,) = json.loads(render(report, "json"))["operators"]
    assert (operator["macs"], operator["complex"], operator["sparse"]) == (4 * 8, True, False)


@pytest.mark.filterwarnings("ignore:Sparse")
def test_products_of_sparse_tensors_are_said_to_count_by_entries():
    report = convcost.profile(Multiplies(), torch.eye(3).to_sparse(), torch.zeros(3, 2))
    assert "Sparse tensors are counted by their stored entries: matmul." in str(report)
    (operator,) = json.loads(render(report, "json"))["operators"]
    assert (operator["macs"], operator["complex"], operator["sparse"]) == (3 * 2, False, True)


def test_real_products_of_dense_tensors_need_no_such_note():
    text = str(convcost.profile(Multiplies(), torch.zeros(2, 2), torch.zeros(2, 2)))
    assert "complex" not in text
    assert "stored entries" not in text


def test_names_that_share_a_parameter_are_said():
    tied = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    tied[1].weight = tied[2].weight = tied[0].weight
    text = str(convcost.profile(tied, torch.empty(1, 4)))
    assert "1.weight, 2.weight are the same tensor as 0.weight: counted once." in text


def test_the_convention_decides_what_has_a_share(report):
    counted = replace(report, convention=convention("all", "full"))
    assert "relu           2" in render(counted, "table")
    assert "2 × MACs + bias adds + elementwise work" in str(counted)


def test_sums_of_reports_are_tables_of_their_rows(report):
    both = report + convcost.cost("[1, 4] -> Linear(4, 4)")
    assert both.macs == 64
    assert "Sequential.0.0" in str(both)


def conditional(predicate):
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.narrow, self.wide = nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 9), nn.Linear(9, 4))

        def forward(self, x):
            return torch.cond(predicate(x), self.narrow, self.wide, (x,))

    return convcost.profile(Branches(), torch.randn(3, 4))


def test_a_cond_that_values_decide_shows_both_branches():
    found = conditional(lambda x: x.sum() > 0)
    assert (
        "torch.cond (1 call) costs 48 MACs on its true branch and 216 MACs on its false one. "
        "Which one runs depends on values: the false one is counted, as it costs more."
    ) in " ".join(str(found).split())
    (record,) = json.loads(render(found, "json"))["conditionals"]
    assert (record["counted"], record["true"]["macs"], record["false"]["macs"]) == (False, 48, 216)
    assert (record["path"], record["inputs"], record["calls"]) == ("", [[3, 4]], 1)


def test_a_cond_on_a_known_value_says_which_branch_ran():
    found = conditional(lambda _: torch.ones(()) > 0)
    assert "torch.cond (1 call) ran its true branch, which is counted." in str(found)
    (record,) = json.loads(render(found, "json"))["conditionals"]
    assert (record["counted"], record["true"]["macs"], record["false"]) == (True, 48, None)


def test_what_is_counted_in_part_says_why(report):
    reason = "one trip is counted, since the number of trips depends on data"
    found = with_uncounted(report, 1)
    loop = UncountedCall("0", "higher_order::while_loop", ((3, 4),), 2, reason)
    both = replace(found, trace=found.trace._replace(uncounted=(loop, *found.trace.uncounted)))
    alone = replace(found, trace=found.trace._replace(uncounted=(loop,)))
    text = f"The count is partial: while_loop in 0 (2 calls on (3, 4)): {reason}"
    assert f"{text}." in " ".join(str(alone).split())
    assert f"{text}; " in " ".join(str(both).split())
    assert [record.get("reason") for record in json.loads(render(both, "json"))["uncounted"]] == [
        reason,
        None,
    ]
    assert r"| while\_loop | 2 |  | in part |" in render(alone, "markdown")
