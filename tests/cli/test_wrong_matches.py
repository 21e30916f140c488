"""`convcost match` refuses what makes no sense, with a short pointed message."""

import pytest
from cli_runner import refused

DENSE = "Linear(10E, E)"
CONV = "2 x Conv1d(W, W, 3, padding=1)"
WIDTH = ("match", DENSE, CONV, "--vary", "W", "--E", "128", "--L", "10")
PAIRS = ("match", "Conv1d(E, E, K)", "--vary", "E,K", "--budget", "10MFLOPs", "--L", "32")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (*WIDTH[:4], "w", *WIDTH[5:]),
            "no size of 2 x Conv1d, the design to fit, is called w (did you mean W?)\nIt has B, S, W, L.\n",
        ),
        ((*WIDTH[:4], "E", *WIDTH[5:]), "no size of 2 x Conv1d, the design to fit, is called E"),
        ((*WIDTH, "--W", "3"), "W is varied but also has a value\n"),
        ((*WIDTH[:-2],), "L has no value in 2 x Conv1d\nGive sizes: --L 128\n"),
        (("match", "--vary", "W", "--L", "3"), "a design is missing\n"),
        (("match", CONV, "--vary", "W", "--L", "3"), "a design to match is missing\n"),
        ((*WIDTH, "--budget", "3"), "with a budget, give only the design to fit\n"),
        (
            ("match", DENSE, CONV, "--E", "2", "--L", "3"),
            "a size to vary is missing\nThe open sizes of 2 x Conv1d are W, B, S: for example, --vary W.\n",
        ),
        (
            (*PAIRS[:5], "2GMACs", "--L", "3"),
            "'2GMACs' is not an amount of FLOPs\nFor MACs, add --metric macs.\n",
        ),
        (
            (*PAIRS[:5], "300Kparams"),
            "'300Kparams' is not an amount of FLOPs\nFor parameters, add --metric params.\n",
        ),
        (
            (*PAIRS[:5], "2GB", "--metric", "params"),
            "'2GB' is not an amount of params\nFor bytes, add --metric bytes.\n",
        ),
        ((*PAIRS[:5], "1.5", "--L", "3"), "'1.5' is not an amount of FLOPs\n"),
        ((*PAIRS[:5], "", "--L", "3"), "--budget has no value\n"),
        ((*PAIRS[:5], "-3", "--L", "3"), "'-3' is not an amount of FLOPs\n"),
        ((*WIDTH, "--metric", "param"), "no metric to match is called param (did you mean params?)\n"),
        ((*WIDTH, "--min", "9", "--max", "8"), "W: the range is empty: 9 is more than 8\n"),
        ((*WIDTH, "--min", "x"), "--min is x; it must be a whole number\n"),
        (
            (*WIDTH, "--max", "V=3"),
            "V has a limit but is not varied\nLeave V out of --max, or add it to --vary.\n",
        ),
        ((*WIDTH, "--max", "=3"), "--max =3: a part is missing\nWrite it as E=64.\n"),
        ((*WIDTH, "--max", "W="), "--max W=: a part is missing\n"),
        ((*WIDTH, "--max", "W=3,W=4"), "--max is given twice for W\n"),
        ((*WIDTH, "--max", "3", "--max", "4"), "--max is given twice\n"),
        ((*WIDTH, "--multiple-of", "0"), "--multiple-of is 0; it must be at least 1\n"),
        ((*WIDTH, "--multiple-of", "-8"), "--multiple-of is -8; it must be at least 1\n"),
        ((*WIDTH, "--max", "1e19"), "the maximum of W is above 1e+18\nGive at most 1e+18.\n"),
        ((*WIDTH[:4], "", *WIDTH[5:]), "a size to vary is missing\n"),
        ((*WIDTH, "--format", "jsn"), "no format is called jsn (did you mean json?)\n"),
        (("match", DENSE, "Conv1(W, W)", "--vary", "W", "--E", "2"), "no layer is called Conv1"),
        ((*WIDTH, "--varry", "3"), "no option or size is called --varry (did you mean --vary?)\n"),
    ],
)
def test_a_wrong_request_is_refused(arguments, message):
    assert refused(*arguments).startswith(message)
