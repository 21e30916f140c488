"""Files of designs: which lines are one design, what is put in front, and where an error is."""

from pathlib import Path

import pytest

from convcost import parse
from convcost.core.errors import ConvcostError, SpecError, UsageError
from convcost.spec.design_file import DesignFile, parse_design_file, read_design_file


def designs(text):
    return [str(design) for design in parse_design_file(text, "d.txt").designs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = Linear(3, 4)\nLinear(4, 5)\n", ["a = Linear(3, 4)", "Linear(4, 5)"]),
        ("\n# nothing\n  # here\na = ReLU # or there\n\n", ["a = ReLU"]),
        ("a = ReLU\n  -> GELU\n    -> ReLU\nGELU", ["a = ReLU -> GELU -> ReLU", "GELU"]),
        ("a = ReLU\n\n  # still the same\n\n  -> GELU", ["a = ReLU -> GELU"]),
        ("Linear(3,\n4)\nLinear(\n\n3, 4\n)", ["Linear(3, 4)", "Linear( 3, 4 )"]),
        ("  a = ReLU\n  b = GELU\n      -> ReLU\n", ["a = ReLU", "b = GELU -> ReLU"]),
        ("a = ReLU\r\nb = GELU".replace("\r", ""), ["a = ReLU", "b = GELU"]),
        ("Conv1d(3, 4, 3, padding='#')  # '", ["Conv1d(3, 4, 3, padding='#')"]),
        ("Conv1d(3, 4, 3, padding='(')\nReLU", ["Conv1d(3, 4, 3, padding='(')", "ReLU"]),
        ("a = ReLU)\nb = GELU", ["a = ReLU)", "b = GELU"]),
        ("net.py:Net(act='#1')", ["net.py:Net(act='#1')"]),
        ("\ufeffa = ReLU\nb = GELU", ["a = ReLU", "b = GELU"]),
        ("b(C) = Linear(C, C); c() = ReLU;\na = [3] -> b(3) -> c", ["a = [3] -> b(3) -> c"]),
        ("b(C) = Linear(C, C); a = [3]\n  -> b(3)", ["a = [3] -> b(3)"]),
        ("b(C) = Linear(C,\n  C);\n  a = [3] -> b(3)", ["a = [3] -> b(3)"]),
    ],
)
def test_a_design_is_a_line_and_what_is_indented_or_in_open_brackets(text, expected):
    assert designs(text) == expected


FILE = """\
block(C) = x + (Conv1d(C, C, 3, padding=1)
    -> ReLU)
pair(C) = block(C) -> block(C)
other(C) = ReLU
net = [1, 8, 9] -> pair(8)
plain = ReLU
"""


PRINTED = "Sequential(\n  (0): Linear(in_features=3, out_features=4, bias=True)\n  (act): ReLU()\n)"


def test_a_module_as_torch_prints_it_is_a_design_on_many_lines_and_on_one():
    [design] = parse_design_file(PRINTED, "d.txt").designs
    assert parse(design).full_text == parse(PRINTED).full_text == parse(parse(PRINTED).full_text).full_text


def test_definitions_behind_semicolons_are_definitions_of_the_file():
    found = parse_design_file("b(C) = Linear(C, C); c() = einsum(';', x, x);\na = [3] -> ReLU", "d.txt")
    assert {**found.definitions} == {"b": "b(C) = Linear(C, C)", "c": "c() = einsum(';', x, x)"}


def test_definitions_are_no_designs():
    found = parse_design_file(FILE, "d.txt")
    assert [*found.definitions] == ["block", "pair", "other"]
    assert designs(FILE) == ["net = [1, 8, 9] -> pair(8)", "plain = ReLU"]


def test_a_design_has_the_definitions_that_it_uses_and_no_others():
    found = parse_design_file(FILE, "d.txt")
    assert [found.complete(design) for design in found.designs] == [
        "block(C) = x + (Conv1d(C, C, 3, padding=1) -> ReLU)\n"
        "pair(C) = block(C) -> block(C)\n"
        "net = [1, 8, 9] -> pair(8)",
        "plain = ReLU",
    ]
    assert found.complete("[1, 4] -> other(4)") == "other(C) = ReLU\n[1, 4] -> other(4)"
    assert found.complete("ReLU") == "ReLU"


def test_a_definition_that_uses_itself_stands_there_once():
    found = parse_design_file("a(C) = b(C)\nb(C) = a(C)\n[1] -> a(1)", "d.txt")
    assert found.complete(found.designs[0]) == "a(C) = b(C)\nb(C) = a(C)\n[1] -> a(1)"


def test_a_text_that_defines_a_name_itself_keeps_its_definition():
    found = parse_design_file("a(C) = ReLU\nb(C) = GELU", "d.txt")
    assert found.complete("a(C) = Tanh; [1] -> a(1) -> b(2)") == (
        "b(C) = GELU\na(C) = Tanh; [1] -> a(1) -> b(2)"
    )


def refused(text, *sizes):
    [design] = parse_design_file(text, "d.txt").designs
    with pytest.raises(SpecError) as error:
        parse(design).report(dict(sizes))
    return str(error.value)


def test_an_error_shows_the_line_that_has_it():
    assert refused("# net\na = ReLU\n  -> Conv1(3, 4, 3)\n  -> ReLU") == (
        "d.txt:3: no layer is called Conv1 (did you mean Conv1d?)\n  -> Conv1(3, 4, 3)\n     ^^^^^"
    )


def test_an_error_of_a_layer_that_does_not_fit_shows_its_line():
    text = refused("a = [1, 3, 9]\n  -> Conv1d(3, 4, 3)\n  -> Conv1d(5, 4, 3)")
    assert text.startswith("d.txt:3: Conv1d: ")
    assert "\n  -> Conv1d(5, 4, 3)\n" in text


def test_what_ends_too_soon_is_shown_at_the_end_of_its_last_line():
    assert refused("a = ReLU\n  ->") == (
        "d.txt:2: unexpected end; expected a layer such as Linear(10E, E)\n  ->\n    ^"
    )


def test_a_bracket_that_is_never_closed_is_shown():
    with pytest.raises(SpecError) as error:
        parse_design_file("a = Conv1d(3, (4), 5\nb = Linear(3, 4)\nc = ReLU", "d.txt")
    assert str(error.value) == "d.txt:1: this bracket is not closed\n  a = Conv1d(3, (4), 5\n            ^"


def test_what_is_defined_twice_is_refused():
    with pytest.raises(UsageError) as error:
        parse_design_file("a(C) = ReLU\na(D) = ReLU", "d.txt")
    assert str(error.value) == "d.txt:2: a is already defined\nIt is defined in d.txt:1."
    first, second = (parse_design_file("a(C) = ReLU", name) for name in ("d.txt", "e.txt"))
    with pytest.raises(UsageError, match="a is already defined"):
        first + second


def test_files_together_have_all_designs_and_definitions():
    first, second = parse_design_file("a(C) = ReLU\nReLU", "d"), parse_design_file("b(C) = a(C)\nGELU", "e")
    both = DesignFile() + first + second
    assert (both.designs, [*both.definitions]) == (("ReLU", "GELU"), ["a", "b"])
    assert both.complete("b(2)") == "a(C) = ReLU\nb(C) = a(C)\nb(2)"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "d.txt can't be read: No such file or directory"),
        (b"", "d.txt has no design"),
        (b"# a\n\n", "d.txt has no design"),
        (b"\xff\xfe", "d.txt is not UTF-8 text"),
        (b"ReLU\0", "d.txt is not a text file"),
        (b" " * (2**20 + 1), "d.txt is larger than 1 MiB"),
    ],
)
def test_a_file_that_has_no_designs_is_refused(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("d.txt").write_bytes(content)
    with pytest.raises(ConvcostError) as error:
        read_design_file("d.txt")
    assert str(error.value).startswith(message)
