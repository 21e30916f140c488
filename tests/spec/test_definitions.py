"""Definitions with parameters, Sequential as people paste it, and designs over several lines."""

import itertools

import pytest

import convcost
from convcost.core.errors import SpecError

BLOCK = "block(C) = x + (Conv2d(C, C, 3, padding=1) -> ReLU -> Conv2d(C, C, 3, padding=1))"


def test_a_definition_is_used_as_a_layer():
    defined = convcost.cost(f"{BLOCK}\n[B, 64, H, W] -> block(64) -> Conv2d(64, 128, 1) -> 3 x block(128)")
    assert defined.params == 2 * (9 * 64**2 + 64) + 64 * 128 + 128 + 6 * (9 * 128**2 + 128)
    assert defined.name == "block -> Conv2d -> 3 x block"


@pytest.mark.parametrize(
    ("defined", "plain"),
    [
        ("two(A, B) = Linear(A, B) -> Linear(B, A); [3] -> two(3, 4)", "[3] -> Linear(3, 4) -> Linear(4, 3)"),
        ("two(A, B) = Linear(A, B); [3] -> two(B=4, A=3)", "[3] -> Linear(3, 4)"),
        ("act() = ReLU; [3] -> act -> act()", "[3] -> ReLU -> ReLU"),
        ("a(C) = Linear(C, C)\nb(C) = a(C) -> a(C)\n[6] -> b(6)", "[6] -> 2 x Linear(6, 6)"),
        ("b(C) = a(C) -> a(C)\na(C) = Linear(C, C)\n[6] -> b(6)", "[6] -> 2 x Linear(6, 6)"),
        ("a(C) = Linear(2C + 1, C**2); [5] -> a(2)", "[5] -> Linear(5, 4)"),
        ("c(P) = Conv1d(3, 3, 3, padding=P); [3, 9] -> c(same)", "[3, 9] -> Conv1d(3, 3, 3, padding=same)"),
        ("c(K) = Conv2d(3, 3, K); [3, 9, 9] -> c((3, 1))", "[3, 9, 9] -> Conv2d(3, 3, (3, 1))"),
        ("c(K) = Conv2d(3, 3, (K, 1)); [3, 9, 9] -> c(3)", "[3, 9, 9] -> Conv2d(3, 3, (3, 1))"),
        ("f(C) = Linear(C, 2); [3] -> f(3)(ReLU)", "[3] -> ReLU -> Linear(3, 2)"),
        ("f(C) = x + [C]; [3] -> f(3)", "[3] -> x + [3]"),
        ("nn.Sequential(nn.Linear(3, 4), nn.ReLU())", "Linear(3, 4) -> ReLU"),
        ("2 x torch.nn.Sequential(nn.Linear(3, 3), nn.ReLU(),)", "2 x (Linear(3, 3) -> ReLU)"),
        (
            "Sequential(\n  (0): Linear(in_features=3, out_features=4)\n  (act): ReLU(inplace=True)\n)",
            "Linear(3, 4) -> ReLU(inplace=True)",
        ),
        ("nn.Sequential(\n    nn.Linear(3, 4, device='cuda'),\n)\n", "Linear(3, 4)"),
        ("[3]\n -> Linear(3, 4)\n -> ReLU", "[3] -> Linear(3, 4) -> ReLU"),
    ],
)
def test_it_is_what_its_expansion_is(defined, plain):
    ours, theirs = convcost.cost(defined), convcost.cost(plain)
    assert ours.rows == theirs.rows


def test_a_spec_has_its_design_and_the_definitions_that_it_uses():
    spec = convcost.parse(f"unused() = ReLU\n{BLOCK}\nname = [2, 8, 4, 4]\n  -> block(8)")
    assert (spec.name, spec.text) == ("name", "[2, 8, 4, 4] -> block(8)")
    assert spec.definitions == (tuple(BLOCK.split(" = ")),)
    assert convcost.cost(spec.full_text).rows == convcost.cost(spec).rows


def test_a_definition_that_several_designs_use_is_shown_once():
    shown = convcost.compare(
        f"{BLOCK}; a = [1, 3, 4, 4] -> block(3)", f"{BLOCK}; b = [1, 4, 4, 4] -> block(4)"
    )
    assert str(shown).count("block(C)") == 1


ERRORS = (
    """\
b is defined in terms of itself
  b(C) = b(C); [3] -> b(3)
         ^
""",
    """\
b takes at most 1 argument
  b(C) = Linear(C,3); [3] -> b(3,4)
                                 ^
b(C)
""",
    """\
b needs D
  b(C, D) = Linear(C,D); [3] -> b(3)
                                ^
b(C, D)
""",
    """\
nothing is called blok (did you mean block?)
  block(C) = Linear(C,C); [3] -> blok(3)
                                 ^^^^
""",
    """\
Linear is already a layer or a keyword; choose another name
  Linear(C) = ReLU; [3] -> Linear(3)
  ^^^^^^
""",
    """\
permute is already a layer or a keyword; choose another name
  permute(C) = ReLU; [3] -> permute(0)
  ^^^^^^^
""",
    """\
Sequential is already a layer or a keyword; choose another name
  Sequential() = ReLU; [3] -> GELU
  ^^^^^^^^^^
""",
    """\
found 'True'; expected the name of a definition
  True(C) = ReLU; [3] -> True(3)
  ^^^^
""",
    """\
found 'False'; expected the name of a size
  b(False) = Linear(3, 3, bias=False); [3] -> b(True)
    ^^^^^
""",
    """\
b is defined twice
  b(C) = ReLU; b(D) = GELU; [3] -> b(3)
               ^
""",
    """\
C must be a size here
  b(C) = Linear(2*C, 3); [3] -> b(True)
                  ^
""",
    """\
unexpected end; expected a design after the definitions
  b(C) = Linear(C, 3)
                     ^
""",
)


@pytest.mark.parametrize("expected", ERRORS, ids=lambda shown: shown.splitlines()[0])
def test_a_wrong_definition_is_pointed_at(expected):
    with pytest.raises(SpecError) as error:
        convcost.cost(expected.splitlines()[1].strip())
    assert str(error.value) + "\n" == expected


def test_a_definition_leaves_functions_of_a_like_name_alone():
    assert convcost.cost("mlp(C) = Linear(C, C); [3] -> mul(x, x)").elementwise == 3


def test_a_definition_may_have_the_name_that_papers_give_a_layer():
    assert convcost.cost("conv(C) = Conv1d(C, C, 3, bias=False); [1, 2, 3] -> conv(2)").params == 12


def test_the_caret_is_under_the_line_that_is_wrong():
    with pytest.raises(SpecError) as error:
        convcost.cost("a(C) = Linear(C, D)\n[3] -> a(3)\n    -> Linear(7, 3)", D=4)
    assert str(error.value).splitlines()[1:3] == ["      -> Linear(7, 3)", "         ^^^^^^"]


def test_definitions_that_double_each_other_are_refused_soon():
    names = [f"d{number}" for number in range(30)]
    lines = [f"{name}() = {next_one} -> {next_one}" for name, next_one in itertools.pairwise(names)]
    with pytest.raises(SpecError, match="more than 10,000 layers"):
        convcost.cost("\n".join((*lines, "d29() = ReLU", "[3] -> d0")))


@pytest.mark.parametrize("doubled", ["C + C", "C * C", "(C + 1) * (C + 1)"])
def test_sizes_that_double_in_each_definition_are_refused_soon(doubled):
    lines = [f"d{number}(C) = d{number + 1}({doubled})" for number in range(30)]
    with pytest.raises(SpecError, match=r"a size with more than 200 parts|an exponent of at most 64"):
        convcost.cost("\n".join((*lines, "d30(C) = Linear(C, C)", "[E] -> d0(E)")))


def test_definitions_nest_as_deep_as_brackets_and_no_deeper():
    lines = [f"d{number}() = d{number + 1}" for number in range(60)]
    with pytest.raises(SpecError, match="definitions nest deeper than 40"):
        convcost.cost("\n".join((*lines, "d60() = ReLU", "[3] -> d0")))
