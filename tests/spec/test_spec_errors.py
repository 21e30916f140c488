"""What a user sees who made a mistake: the text, a caret under the place, a way out."""

import pytest

from convcost.core.errors import ConvcostError, SpecError, UsageError
from convcost.spec import check_names, parse

SIZES = {"B": 2, "S": 1, "E": 8, "L": 10, "H": 9, "W": 9}


def ask(text):
    spec = parse(text)
    spec.report({name: SIZES[name] for name in spec.names if name in SIZES})


COMPLAINTS = [
    """\
no layer is called Cnv1d (did you mean Conv1d?)
  Cnv1d(8, 16, 3)
  ^^^^^
""",
    """\
no layer is called os.Conv1d (did you mean Conv1d?)
  os.Conv1d(8, 16, 3)
  ^^^^^^^^^
""",
    """\
unexpected end; expected ')' or ','
  Conv1d(8, 16, 3
                 ^
""",
    """\
found ')'; expected '->' or the end of the spec
  Conv1d(8, 16, 3))
                  ^
""",
    """\
found '**'; expected ')' or ','
  Linear(9**9**9, 2)
             ^^
""",
    """\
the largest exponent is 64
  Linear(9**99, 2)
         ^^^^^
""",
    """\
a size above 1e+30
  Linear((9**60)**60, 2)
          ^^^^^
""",
    """\
no layer is called __import__
  __import__('os')
  ^^^^^^^^^^
List all layers with convcost layers. To count your own module: convcost model file.py:Net
""",
    """\
Conv1d: groups = 3 does not divide in_channels = 8
  Conv1d(8, 16, 3, groups=3)
                   ^^^^^^^^
""",
    """\
8 / 3 is not a whole number
  Linear(E/3, 2)
         ^^^
Use // to round down.
""",
    """\
a division by zero
  Linear(E//0, 2)
         ^^^^
""",
    """\
10E5 could be a power of ten or a product
  Linear(10E5, 2)
         ^^^^
Write 1e6 for a million, or 1*E6 for a size named E6.
""",
    """\
0x10 is not a size; sizes are decimal numbers
  Linear(0x10, 2)
         ^^^^
""",
    """\
kernel_size takes a size or a tuple of sizes
  Conv2d(8, 16, (3, None))
                ^^^^^^^^^
""",
    """\
kernel_size takes a size or a tuple of sizes
  Conv2d(8, 16, (True, 3))
                ^^^^^^^^^
""",
    """\
in_features takes a size
  Linear(True, 2)
         ^^^^
""",
    """\
found 'True'; expected a size such as 128, E or 10E
  [B, True] -> ReLU
      ^^^^
""",
    """\
in_features takes a size
  Linear(1.5, 2)
         ^^^
""",
    """\
bias takes True or False
  Linear(8, 2, bias=1)
               ^^^^^^
""",
    """\
padding takes a size, a tuple of sizes, valid or same (did you mean same?)
  Conv1d(8, 16, 3, padding=sme)
                   ^^^^^^^^^^^
""",
    """\
padding takes a size, a tuple of sizes, valid or same (did you mean same?)
  Conv1d(8, 16, 3, padding='Same')
                   ^^^^^^^^^^^^^^
""",
    """\
padding_mode takes zeros, reflect, replicate or circular (did you mean zeros?)
  Conv1d(8, 16, 3, padding_mode=zero)
                   ^^^^^^^^^^^^^^^^^
""",
    """\
Conv1d has no argument kernel (did you mean kernel_size?)
  Conv1d(8, 16, kernel=3)
                ^^^^^^^^
""",
    """\
ReLU has no argument dtype
  [8] -> ReLU(dtype=half)
              ^^^^^^^^^^
ReLU has no parameters. Set the dtype of the design: --dtype bfloat16.
""",
    """\
no dtype is called hlf (did you mean half?)
  Linear(8, 2, dtype=torch.hlf)
               ^^^^^^^^^^^^^^^
Choose from float64, int64, float32, tfloat32, float16, bfloat16, float8, int8.
""",
    """\
kernel_size is given twice
  Conv1d(8, 16, 3, kernel_size=3)
                   ^^^^^^^^^^^^^
""",
    """\
positional argument follows keyword argument
  Conv1d(8, 16, 3, stride=2, 1)
                             ^
""",
    """\
Linear takes at most 3 arguments
  Linear(8, 2, True, False)
                     ^^^^^
""",
    """\
Linear needs in_features and out_features
  Linear
  ^^^^^^
Linear(in_features, out_features, bias=True)
""",
    """\
Conv2d: kernel_size has 3 values; give 2 or a single one
  Conv2d(8, 16, (3, 3, 3))
                ^^^^^^^^^
""",
    """\
Conv1d: stride is 2, but the only stride with padding=same is 1
  Conv1d(8, 16, 3, stride=2, padding=same)
                   ^^^^^^^^
With a stride, set padding to a number.
""",
    """\
Conv1d: padding is -1; it must be at least 0
  Conv1d(8, 16, 3, padding=-1)
                   ^^^^^^^^^^
""",
    """\
the repeat count is 0; it must be at least 1
  0 x Linear(8, 8)
  ^^^^^^^^^^^^^^^^
""",
    """\
more than 10,000 layers
  [B, 8] -> 9999999 x ReLU
            ^^^^^^^^^^^^^^
""",
    """\
ReLU takes any shape, so its input must be given
  ReLU
  ^^^^
Write it in front: [B, S, E] -> ReLU
""",
    """\
found '\\x1b'; expected a size such as 128, E or 10E
  Linear(\\x1b[31m8, 2)
         ^^^^
""",
    """\
found '\\u202e'; expected ')' or ','
  Linear(8\\u202e, 2)
          ^^^^^^
""",
    """\
found '\\x00'; expected ')' or ','
  Linear(8\\x00, 2)
          ^^^^
""",
    """\
found '\\u0663'; expected a size such as 128, E or 10E
  Linear(\\u0663, 2)
         ^^^^^^
""",
]


def written(complaint_shown):
    """The spec in a complaint, as it was typed."""
    line = next(line for line in complaint_shown.splitlines() if line.startswith("  "))
    return line.strip().encode("ascii").decode("unicode_escape")


@pytest.mark.parametrize("expected", COMPLAINTS, ids=lambda shown: shown.splitlines()[0])
def test_a_complaint_shows_the_place_and_what_was_expected(expected):
    with pytest.raises(ConvcostError) as error:
        ask(written(expected))
    assert str(error.value) + "\n" == expected


def test_a_size_that_no_spec_has_is_refused_with_a_near_one():
    with pytest.raises(UsageError) as error:
        check_names({"EE": 3}, (parse("Linear(10E, E)"),))
    assert str(error.value) == ("no size is called EE (did you mean E?)\nThe sizes here are B, S, E.")


def test_a_long_text_is_shown_around_the_place_alone():
    text = f"[B, 8] -> {'ReLU -> ' * 50}Rulu -> {'ReLU -> ' * 50}ReLU"
    with pytest.raises(SpecError) as error:
        parse(text)
    assert str(error.value) == (
        "no layer is called Rulu (did you mean ReLU?)\n"
        "  ... -> ReLU -> ReLU -> ReLU -> ReLU -> Rulu -> ReLU -> ReLU -> ReLU -> ReLU...\n"
        "                                         ^^^^"
    )
