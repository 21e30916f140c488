"""Requests that are wrong: exit 2, nothing on stdout, and on stderr what is wrong and the way out."""

import pytest
from cli_runner import FOUNDING, PLAIN, convcost, refused


def test_a_size_that_no_design_has_is_named_with_those_there_are():
    assert (
        refused("compare", "--Q", "3")
        == "no option or size is called --Q\nThe sizes here are B, S, L, E, K.\n"
    )


def test_a_size_without_a_value_says_how_to_write_it():
    assert refused("compare", "--E") == "--E has no value\nWrite it as --E 128.\n"


@pytest.mark.parametrize("value", ["0", "-3", "1-1"])
def test_a_size_below_1_is_refused(value):
    shown = {"1-1": 0}.get(value, value)
    assert refused("compare", "--E", value, "--L", "10") == f"E is {shown}; it must be at least 1\n"


def test_a_word_is_no_size():
    assert refused("compare", "--E", "abc", "--L", "10") == (
        "--E abc: abc is not a number\n"
        "Write a whole number, such as --E 4096. To keep E open, omit the option.\n"
    )


def test_a_broken_number_is_pointed_at():
    assert "  2*\n    ^\n" in refused("compare", "--E", "2*", "--L", "10")


def test_an_empty_size_is_refused():
    assert "--E" in refused("compare", "--E", "", "--L", "10")


def test_a_setting_without_a_value_says_how_to_write_it():
    assert refused("compare", "--set", "E") == "--set E has no value\nWrite it as --set E=128.\n"


@pytest.mark.parametrize("again", [("--E", "2"), ("--E=1",), ("--set", "E=2")])
def test_a_size_given_twice_is_refused(again):
    assert refused("compare", "--E", "1", *again) == "the size E is given twice\n"


@pytest.mark.parametrize(
    ("misspelt", "option"),
    [
        ("--counter", "--counters"),
        ("--formats", "--format"),
        ("--max-memry", "--max-memory"),
        ("--dtypes", "--dtype"),
    ],
)
def test_a_misspelt_option_gets_the_near_one(misspelt, option):
    assert f"did you mean {option}?" in refused(*FOUNDING, misspelt, "none")


def test_a_misspelt_flag_gets_the_near_one():
    assert "did you mean --strict?" in refused(*FOUNDING, "--strickt")


def test_a_misspelt_argument_of_a_layer_gets_the_near_one():
    message = refused("layer", "conv1d", "3", "3", "3", "--kernel-sise", "3", "--length", "9")
    assert "did you mean --kernel-size?" in message


def test_a_size_in_the_wrong_case_gets_the_right_one():
    assert "did you mean --E?" in refused("compare", "--e", "128", "--L", "10")


def test_a_misspelt_size_of_the_input_gets_the_near_one():
    assert "did you mean --length?" in refused("layer", "conv1d", "3", "3", "3", "--legnth", "9")


def test_an_unknown_counter_gets_the_near_one_and_the_list():
    assert refused(*FOUNDING, "--counters", "fvcor") == (
        "no counter is called fvcor (did you mean fvcore?)\n"
        "Choose from fvcore, flop_counter_mode, torch_profiler, all, none.\n"
    )


def test_an_empty_list_of_counters_is_refused():
    assert refused(*FOUNDING, "--counters", "").startswith("--counters has no value\n")
    assert refused(*FOUNDING, "--counters", ",").startswith("no counter is called (nothing)")


@pytest.mark.parametrize("command", [PLAIN, ("counters",)])
def test_an_unknown_format_gets_the_near_one_and_the_list(command):
    assert refused(*command, "--format", "tabel") == (
        "no format is called tabel (did you mean table?)\n"
        "Choose from table, json, markdown, csv, html, latex.\n"
    )


def test_a_wrong_format_is_refused_before_anything_is_counted(monkeypatch):
    monkeypatch.setattr(
        "convcost.counters.crosscheck.crosscheck_design", lambda *_: pytest.fail("it counted")
    )
    assert refused(*FOUNDING, "--format", "tabel").startswith("no format is called tabel")


@pytest.mark.parametrize("amount", ["lots", "-1GiB", "1 GiX", "1e9"])
def test_an_amount_of_memory_that_is_none_says_how_to_write_one(amount):
    assert refused(*FOUNDING, "--max-memory", amount) == (
        f"{amount!r} is not an amount of memory\nWrite it as 1GiB or 500MB.\n"
    )


@pytest.mark.parametrize("command", [PLAIN, ("layer", "linear", "3", "4", "--counters", "none")])
def test_an_unknown_dtype_gets_a_near_one(command):
    assert "did you mean float" in refused(*command, "--dtype", "float31")


def test_a_single_design_is_sent_to_layer():
    assert refused("compare", "Linear(3, 3)") == (
        "compare needs at least two designs\nFor a single design, use convcost cost.\n"
    )


def test_a_design_as_a_layer_is_refused():
    assert "one layer" in refused("layer", "Linear(3, 3) -> ReLU")


def test_a_way_of_counting_flops_that_is_none_is_refused():
    assert refused(*PLAIN, "--count", "some").startswith("count must be matmul, bias or all, not some\n")


def test_a_way_of_counting_taps_that_is_none_is_refused():
    message = refused(*PLAIN, "--taps", "none")
    assert "full" in message
    assert "valid" in message
    assert "FLOPs are counted" not in message


@pytest.mark.parametrize("arguments", [("counters", "--nope"), ("nope",)])
def test_what_the_option_parser_refuses_exits_with_2_too(arguments):
    assert refused(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        (*PLAIN, "--device="), (*PLAIN, "--dtype", ""), (*PLAIN, "--memory", "--optimizer", ""),
        (*PLAIN, "--threads", ""), ("layer", "conv1d", "3", "3", "3", "--input", ""),
        ("model", "torch.nn:ReLU", "--input", "[2]", "--depth", ""),
        ("model", "torch.nn:ReLU", "--inputs-from", ""),
        ("model", "torch.nn:ReLU", "--input", "[2]", "--formulas", ""), ("check", "--config", ""),
        ("check", "--junit", ""), (*FOUNDING, "--max-memory", ""), ("check", "--timeout", ""),
    ],
    ids=" ".join,
)  # fmt: skip
def test_an_option_whose_value_is_empty_is_not_taken_for_one_that_is_left_out(arguments):
    option = next(word for word in reversed(arguments) if word.startswith("--")).rstrip("=")
    assert refused(*arguments).startswith(f"{option} has no value\nWrite it as {option} ")


def test_an_empty_filter_shows_every_module():
    assert convcost("model", "torch.nn:ReLU", "--input", "f32[2]", "--filter", "").code == 0


def test_an_argument_of_a_model_is_given_once():
    arguments = ("--arg", "in_features=3", "--arg", "in_features=4", "--arg", "out_features=3")
    message = "--arg in_features is given twice\nIt takes one value.\n"
    assert refused("model", "torch.nn:Linear", "--input", "f32[2,3]", *arguments) == message


def test_without_a_command_the_help_is_shown():
    code, out, err = convcost()
    assert (code, out) == (2, "")
    assert err.startswith("Usage: convcost [OPTIONS] COMMAND [ARGS]...\n\n  Exact FLOPs")
    assert "\n  compare " in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("cost", "f32[1,10] -> Linear(10,5)"),
            "the input of a design has no dtype\n  f32[1,10] -> Linear(10,5)\n  ^^^\nWrite the shape alone",
        ),
        (
            ("cost", "Linear(10,5) -> net.py:Net"),
            "Linear(10,5) -> net.py:Net: a torch module can't be part of",
        ),
        (
            ("cost", "[1,3] -> net.py:Net -> Linear(10,5)"),
            "found ':'; expected '->' or the end of the spec\n  [1,3] -> net.py:Net -> Linear(10,5)\n"
            "                 ^\nA torch module such as net.py:Net can't be part of a chain.\n",
        ),
        (
            ("cost", "[1,3,32] -> Conv2d(3,64,3)"),
            "Conv2d: the input's channel count is 1, but in_channels is 3\n  [1,3,32] -> Conv2d(3,64,3)\n"
            "              ^^^^^^\n[1, 3, 32] is read as one sample, [channels, height, width].\n",
        ),
        (
            ("code", "[B, L*E] -> Linear(10E, E)"),
            "a module needs a value for every size: L, E\nAdd --L 10 --E 128.\n",
        ),
        (
            ("cost", "[2,3] -> Linear(3,4)", "--B", "4"),
            "no option or size is called --B\nThere are no open sizes here. "
            "For a batch B, write it in the input shape: [B, S, E] -> Linear(E, E)\n",
        ),
        (
            ("layer", "multiheadattention", "64", "8", "--batch", "2", "--length", "10"),
            "--batch: the input has no size B\nThe sizes here are L. "
            "For a batch B, write it in the input shape: [B, S, E] -> Linear(E, E)\n",
        ),
        (
            ("sweep", "Conv1d(C, C, K)", "--over", "C=64:512", "--L", "10"),
            "K has no value in Conv1d\nGive sizes: --K 3, or several: --over K=1,3,5\n",
        ),
        (
            ("cost", "Conv2d(3, 8, 3)", "--height", "8"),
            "no option or size is called --height (did you mean --H?)\n",
        ),
        (
            ("cost", "[1,3,8,8] -> Conv2d(3, 8, 3)", "--height", "8"),
            "no option or size is called --height\nThere are no open sizes here.\n",
        ),
        (
            ("match", "Linear(E, E)", "--flops", "1M"),
            "no option or size is called --flops\nFor a budget: --vary E --budget 1MFLOPs.\n",
        ),
        (
            ("match", "Linear(E, E)", "--params", "1M"),
            "no option or size is called --params\nFor a budget: --vary E --budget 1M --metric params.\n",
        ),
        (
            ("match", "Linear(E, E)", "--bytes", "1M"),
            "no option or size is called --bytes\nFor a budget: --vary E --budget 1MB --metric bytes.\n",
        ),
    ],
)
def test_a_likely_mistake_gets_a_message_of_its_own(arguments, message):
    assert refused(*arguments).startswith(message)
