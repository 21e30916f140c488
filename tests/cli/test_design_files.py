"""`@designs.txt`: the designs of a file among those of a command line."""

import json

import pytest
from cli_runner import convcost, record, refused

DESIGNS = """\
# Two ways to mix
dense = [B, E] -> Linear(E, E)

conv = [B, E, 1]
    -> Conv1d(E, 2E, 1)   # wider
    -> Conv1d(2E, E, 1)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "designs.txt").write_text(DESIGNS)
    return tmp_path


def macs(*arguments):
    return {candidate["name"]: candidate["macs"] for candidate in record("compare", *arguments)["candidates"]}


def test_the_designs_of_a_file_are_compared(folder):
    assert macs("@designs.txt", "--E", "8") == {"dense": 64, "conv": 256}
    assert macs("@designs.txt", "--E", "8", "--B", "3") == {"dense": 192, "conv": 768}


def test_files_stand_among_designs_in_their_places(folder):
    (folder / "more.txt").write_text("low = [B, E] -> Linear(E, 2) -> Linear(2, E)")
    found = macs(
        "a = [E] -> Linear(E, 1)", "@more.txt", "b = [E] -> Linear(E, 2)", "@designs.txt", "--E", "8"
    )
    assert [*found] == ["a", "low", "b", "dense", "conv"]


def test_a_file_has_modules_too(folder):
    (folder / "net.py").write_text("from torch.nn import Linear as Net\n")
    (folder / "nets.txt").write_text("small = [2,3] -> net.py:Net(in_features=3,\n  out_features=4)\n")
    assert macs("@nets.txt", "big = [2, 3] -> Linear(3, 9)") == {"small": 24, "big": 54}
    (folder / "nets.txt").write_text("\nsmall = [2,3] -> net.py:Net(3)\n")
    assert refused("compare", "@nets.txt", "Linear(3, 4)").startswith(
        "nets.txt:2: small = [2,3] -> net.py:Net(3): a module's arguments are given by name\n"
    )


def test_other_commands_take_a_file_too(folder):
    assert convcost("explain", "@designs.txt", "--E", "8") == convcost(
        "explain",
        "dense = [B, E] -> Linear(E, E)",
        "conv = [B, E, 1] -> Conv1d(E, 2E, 1) -> Conv1d(2E, E, 1)",
        *("--E", "8"),
    )
    (folder / "pair.txt").write_text("a = [1, 8] -> Linear(8, 8)\nb = [1, 8] -> Linear(8, W)")
    assert json.loads(convcost("match", "@pair.txt", "--vary", "W", "--json").out)["best"]


def test_an_error_in_a_file_names_the_file_and_the_line(folder):
    (folder / "designs.txt").write_text(DESIGNS.replace("Conv1d(2E", "Conv1(2E"))
    assert refused("compare", "@designs.txt").startswith(
        "designs.txt:6: no layer is called Conv1 (did you mean Conv1d?)\n  -> Conv1(2E, E, 1)\n     ^^^^^"
    )


def test_an_error_beside_a_file_names_none(folder):
    assert refused("compare", "@designs.txt", "Linea(3, 4)").startswith("no layer is called Linea")


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("@no.txt", "no.txt can't be read: No such file or directory"),
        ("@.", ". is a directory"),
        ("@", "@ must be followed by the name of a file\nWrite it as @designs.txt."),
        ("@many.txt", "201 designs or arguments; the limit is 200"),
        ("@binary.txt", "binary.txt is not UTF-8 text"),
        (
            "designs.txt",
            "designs.txt is a file, not a design\nFor the designs in a file: @designs.txt",
        ),
    ],
)
def test_a_file_that_can_not_be_taken_is_refused(folder, token, message):
    (folder / "many.txt").write_text("ReLU\n" * 201)
    (folder / "binary.txt").write_bytes(b"\x93\xff")
    assert refused("compare", token).startswith(message)


BLOCKS = """\
block(C) = x + (Conv1d(C, C, 3, padding=1)
    -> ReLU)
pair(C) = block(C) -> block(C)
wide = [1, 8, L] -> pair(8)
"""


def test_definitions_are_there_for_all_designs_of_the_command(folder):
    (folder / "blocks.txt").write_text(BLOCKS)
    found = macs("@blocks.txt", "deep = [1, 8, L] -> 3 x block(8)", "@designs.txt", "--L", "9", "--E", "8")
    assert found == {"wide": 2 * 192 * 9, "deep": 3 * 192 * 9, "dense": 64, "conv": 256}


def test_a_file_of_definitions_alone_is_for_what_stands_beside_it(folder):
    (folder / "blocks.txt").write_text(BLOCKS.rpartition("wide")[0])
    design = "[1, 8, 9] -> pair(8)"
    assert "3,456" in convcost("explain", "@blocks.txt", design).out
    assert json.loads(convcost("cost", "@blocks.txt", design, "--json").out)["macs"] == 3_456
    assert json.loads(
        convcost("match", "@blocks.txt", design, "[1, 8, 9] -> Conv1d(8, W, 3)", "--vary", "W", "--json").out
    )
    assert refused("compare", "@blocks.txt").startswith("@blocks.txt: there are definitions but no design\n")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("-> Relu3", "blocks.txt:2: no layer is called Relu3 (did you mean ReLU?)\n  -> Relu3)\n     ^^^^^"),
        ("-> Linear(5, 8)", "blocks.txt:2: Linear: the input's last dimension is 9, but in_features is 5\n"),
    ],
)
def test_an_error_in_a_definition_shows_its_line(folder, wrong, message):
    (folder / "blocks.txt").write_text(BLOCKS.replace("-> ReLU", wrong))
    assert refused("compare", "@blocks.txt", "[1, 8, 9] -> block(8)", "--L", "9").startswith(message)


def test_an_error_in_a_call_of_a_definition_shows_the_design(folder):
    (folder / "blocks.txt").write_text(BLOCKS.replace("pair(8)", "pair(8, 9)"))
    assert refused("compare", "@blocks.txt", "ReLU").startswith(
        "blocks.txt:4: pair takes at most 1 argument\n"
    )
    (folder / "blocks.txt").write_text(BLOCKS)
    assert refused("compare", "@blocks.txt", "[1, 8, 9] -> pair(8, 9)").startswith(
        "pair takes at most 1 argument\n  [1, 8, 9] -> pair(8, 9)\n"
    )


def test_a_comment_outside_a_file_is_refused_with_the_way_out():
    assert refused("cost", "Linear(3, 4)  # wider").endswith(
        "\nComments are allowed only in design files, such as @designs.txt.\n"
    )
