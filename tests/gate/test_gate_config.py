"""What a configuration may say, and that what it may not is pointed at."""

from fractions import Fraction

import pytest
from config_files import CONV, DENSE, config_of, config_problems

from convcost.gate.config import read_config
from convcost.gate.config_file import ConfigError, find_config

pytestmark = pytest.mark.usefixtures("folder")


def test_an_entry_has_all_that_its_table_says():
    entry = config_of(
        'tolerance = "0.5%"',
        DENSE,
        'max_flops = "400 KFLOPs"',
        'agree_with = ["fvcore", "flop_counter_mode"]',
        'count = "bias"',
        'taps = "valid"',
        'dtype = "bfloat16"',
    ).entries["dense"]
    assert (entry.name, entry.key, entry.text) == ("dense", "spec", "[B, S, L*E] -> Linear(L*E, E)")
    assert (entry.sizes, entry.open_names) == ({"E": 128, "L": 10}, ("B", "S"))
    assert [limit[:4] for limit in entry.limits] == [("max_flops", "≤", "flops", 400_000)]
    assert entry.counters == ("fvcore", "flop_counter_mode")
    assert (entry.tolerance, entry.dtype) == (Fraction(1, 200), "bfloat16")
    assert (entry.convention.count, entry.convention.padding) == ("bias", "valid")


def test_a_model_has_its_place_inputs_and_arguments():
    entry = config_of(
        "[entries.net]",
        'model = "net.py:Net"',
        'inputs = ["f32[1,3]", "ids=i64[B,4]"]',
        "args = { width = 4, names = ['a'] }",
        "sizes = { B = 2 }",
        "train = true",
    ).entries["net"]
    assert (entry.key, entry.text, entry.open_names) == ("model", "net.py:Net", ())
    assert entry.subject.inputs.args[0].shape == (1, 3)
    assert entry.subject.inputs.kwargs["ids"].shape == ("B", 4)
    assert (entry.subject.arguments, entry.subject.train) == ({"width": 4, "names": ["a"]}, True)


@pytest.mark.parametrize(
    ("line", "key", "message"),
    [
        (
            "max_flop = 1",
            ".max_flop",
            "unknown key (did you mean max_flops?)\n"
            "Limits exist for params, trainable_params, macs, valid_macs, flops, bias_adds, elementwise, "
            "output_elements, activations, bytes, active_params, active_params_without_embeddings, "
            "flops_per_token, kv_cache_bytes and ratio.",
        ),
        (
            "foo = 1",
            ".foo",
            "unknown key\n"
            "The keys here are tolerance, growth_only, timeout, spec, dtype, model, inputs, inputs_from, "
            "args, phase, context, train, formulas, sizes, count, taps, agree_with, ratio_to, metric, and "
            "limits such as max_params.",
        ),
        ('counters = "fvcore"', ".counters", "unknown key (did you mean agree_with?)"),
        ("max_flops = true", ".max_flops", "must be a string or a number, not true"),
        ("max_flops = 1979-05-27", ".max_flops", "must be a string or a number, not a date"),
        ("max_flops = -1", ".max_flops", "is -1; it must be at least 0"),
        ("max_flops = nan", ".max_flops", "is nan; it must be a number"),
        ("max_flops = 1e999999999", ".max_flops", "is inf; it must be at most 1e+40"),
        ("max_flops = 1.5", ".max_flops", "is 1.5; it must be a whole number"),
        (
            'max_flops = "400 KMACs"',
            ".max_flops",
            "'400 KMACs' is not an amount of FLOPs\n"
            "Write it as 1.5e9 or 64 MFLOPs, or as a formula: 20*B*S*E**2.",
        ),
        (
            'flops = "20*B*T*E**2"',
            ".flops",
            "no size is called T\n  20*B*T*E**2\n       ^\nThe sizes here are B, S, L, E.",
        ),
        (
            'flops = "20*B*"',
            ".flops",
            "unexpected end; expected a size such as 128, E or 10E\n  20*B*\n       ^",
        ),
        (
            'flops = "20E"',
            ".flops",
            "20E could be an amount or a product with E\nWrite 20*E, or the number with all its digits.",
        ),
        ("dtype = 'float33'", ".dtype", "must be one of float64, int64, float32, tfloat32, float16, "
         "bfloat16, float8, int8, not float33 (did you mean float32?)"),
        ('count = "matmull"', ".count", "must be matmul, bias or all, not matmull (did you mean matmul?)"),
        ('agree_with = "fvcore"', ".agree_with", "must be a list of strings, not a string"),
        ("agree_with = ['fvcore', 3]", ".agree_with.1", "must be a string, not a number"),
        (
            'agree_with = ["fvcor"]',
            ".agree_with",
            "no counter is called fvcor (did you mean fvcore?)\n"
            "Choose from fvcore, flop_counter_mode, torch_profiler, all, none.",
        ),
        ('tolerance = "1"', ".tolerance", "'1' is not a percentage\nWrite it as \"1%\"."),
        ("max_ratio = 6", ".max_ratio", "needs ratio_to"),
        ('metric = "macs"', ".metric", "needs ratio_to"),
        ('ratio_to = "conv"', ".ratio_to", "needs max_ratio, min_ratio or ratio"),
        ('ratio_to = "dense"\nratio = 1', ".ratio_to", "must name another entry"),
        ('ratio_to = "con"\nratio = 1', ".ratio_to", "no entry is called con (did you mean conv?)"),
        (
            'ratio = "6*X"\nratio_to = "conv"',
            ".ratio",
            "no size is called X\n  6*X\n    ^\nThe sizes here are B, S, L, E.",
        ),
        ("inputs = []", ".inputs", "is only for models"),
        ('model = "net.py:Net"', "", "spec and model can't be combined"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_an_entry_is_said_at_its_line_and_key(line, key, message):
    number = 4 if key else 1
    found = config_problems(DENSE + line, CONV)
    assert found == [(number, f"entries.dense{key}", message)]


LINEA = "no layer is called Linea (did you mean Linear?)"
NEAR = "unknown key (did you mean entries?)"
KEYS = "unknown key\nThe keys here are tolerance, growth_only, timeout, entries and devices."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("entries = 3", [(1, "entries", "must be a table of tables, not a number")]),
        ("[entry.a]\nspec = 'ReLU'", [(1, "entry", NEAR)]),
        ("[foo.a]\nx = 1", [(1, "foo", KEYS)]),
        ("[[entries.a]]\nspec = 'ReLU'", [(1, "entries.a", "must be a table, not a list")]),
        ("[entries.a]", [(1, "entries.a", "an entry needs a spec or a model")]),
        ("[entries.'a b']\nspec = 1", [(2, 'entries."a b".spec', "must be a string, not a number")]),
        (
            "[entries.\"a\\nb\"]\nspec = 'Linear(2, 3)'",
            [(1, 'entries."a\nb"', "a name must have 1 to 64 printable characters")],
        ),
        (
            "[entries.a]\nspec = 'Linear(2, 3)'\nsizes = { E = 3 }",
            [(3, "entries.a.sizes", "no size is called E\nThe sizes here are B, S.")],
        ),
        (
            "[entries.a]\nspec = 'Linear(E, 3)'\nsizes.E = 0",
            [(3, "entries.a.sizes.E", "is 0; it must be at least 1")],
        ),
        (
            "[entries.a]\nspec = 'Linear(E, 3)'\nsizes.E = 1" + "0" * 40,
            [(3, "entries.a.sizes.E", "is 1.000e+40; it must be at most 1e+30")],
        ),
        (
            "[entries.a]\nspec = 'Linear(E, 3)'\n[entries.a.sizes]\n\nE = true",
            [(5, "entries.a.sizes.E", "must be a whole number, not true")],
        ),
        (
            "[entries.a]\nspec = '''\n\nLinea()'''",
            [(2, "entries.a.spec", f"{LINEA}\n  Linea()\n  ^^^^^")],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_elsewhere_is_said_at_its_place(text, expected):
    assert config_problems(text) == expected


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file():
    found = config_problems(DENSE, "max_flop = 1", CONV, 'max_flops = "many"', "tolerance = '5'")
    assert [(line, key) for line, key, _ in found] == [
        (5, "entries.dense.max_flop"),
        (10, "entries.conv.max_flops"),
        (11, "entries.conv.tolerance"),
    ]


def test_a_file_that_is_no_toml_is_pointed_at():
    assert config_problems("a = 1", "a = 2") == [(2, "", "invalid TOML: Cannot overwrite a value")]
    assert config_problems("[entries", "") == [
        (1, "", "invalid TOML: Expected ']' at the end of a table declaration")
    ]
    assert config_problems("a = ") == [(1, "", "invalid TOML: Invalid value")]


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "9" * 5000, "a." * 100_000 + "b = 1"])
def test_a_hostile_file_is_refused_at_its_line(text, folder):
    (folder / "convcost.toml").write_text(f"\n{text}")
    with pytest.raises(
        ConfigError, match=r"^convcost.toml:2: (a number is too long|brackets are nested|this key)"
    ):
        read_config("")


def test_the_nearest_file_upwards_counts_and_a_pyproject_without_a_table_does_not(folder, monkeypatch):
    (folder / "pyproject.toml").write_text('[tool.convcost.entries.a]\nspec = "Linear(2, 3)"\n')
    inner = folder / "one" / "two"
    inner.mkdir(parents=True)
    (folder / "one" / "pyproject.toml").write_text("[tool.other]\nconvcost = 1\n")
    monkeypatch.chdir(inner)
    assert find_config("").name == "../../pyproject.toml"
    (folder / "one" / "convcost.toml").write_text('[entries.b]\nspec = "Linear(2, 3)"\n')
    assert find_config("").name == "../convcost.toml"
    assert find_config("../../pyproject.toml").name == "../../pyproject.toml"


def test_positions_in_a_pyproject_are_below_its_table(folder):
    (folder / "pyproject.toml").write_text(
        "[project]\nentries = 1\n\n[tool.convcost.entries.a]\nspec = 'Linear(2, 3)'\nmax_macss = 1\n"
    )
    with pytest.raises(ConfigError) as error:
        read_config("")
    first_line = str(error.value).splitlines()[0]
    assert first_line == "pyproject.toml:6: entries.a.max_macss: unknown key (did you mean max_macs?)"


PLACES = {
    ("convcost.toml", "[tool.convcost.entries.a]\nspec = 'Linear(4, 4)'"): (
        "convcost.toml:1: tool: tool.convcost is for pyproject.toml\n"
        "  Write [entries.NAME] here, or move the table to pyproject.toml."
    ),
    ("convcost.toml", "[a]\nspec = 'Linear(4, 4)'"): (
        "convcost.toml:1: a: an entry belongs under entries\n  Write it as [entries.a]."
    ),
    ("convcost.toml", "[entrys.a]\nspec = 'Linear(4, 4)'"): (
        "convcost.toml:1: entrys: unknown key (did you mean entries?)"
    ),
    ("pyproject.toml", "[entries.a]\nspec = 'Linear(4, 4)'"): (
        "pyproject.toml:1: entries: pyproject.toml has no [tool.convcost]\n"
        "  Write [entries.NAME] as [tool.convcost.entries.NAME] here."
    ),
    ("pyproject.toml", "[tool.convcost.a]\nspec = 'Linear(4, 4)'"): (
        "pyproject.toml:1: a: an entry belongs under entries\n  Write it as [tool.convcost.entries.a]."
    ),
}


@pytest.mark.parametrize(("file", "text"), PLACES)
def test_a_table_in_the_wrong_place_is_told_where_it_goes(file, text, folder):
    (folder / file).write_text(text)
    with pytest.raises(ConfigError) as error:
        read_config("")
    assert str(error.value) == PLACES[file, text]


def test_an_entry_has_what_holds_for_all_but_for_what_it_says_itself():
    entries = config_of(
        "tolerance = '2%'\ngrowth_only = true\ntimeout = 30",
        DENSE,
        "growth_only = false",
        CONV,
        "timeout = 1.5",
    ).entries
    assert [(each.tolerance, each.growth_only, each.timeout) for each in entries.values()] == [
        (Fraction(1, 50), False, 30.0),
        (Fraction(1, 50), True, 1.5),
    ]


def test_numbers_for_a_model_are_pythons_own():
    line = "args = { p = 0.5, more = [1e-2, { q = 1 }] }"
    found = config_of(f'[entries.net]\nmodel = "net.py:Net"\n{line}').entries["net"].subject
    assert found.arguments == {"p": 0.5, "more": [0.01, {"q": 1}]}
    assert [type(found.arguments["p"]), type(found.arguments["more"][0])] == [float, float]


@pytest.mark.parametrize("number", ["0.5", "1.0000000000000002", "5e-61"])
def test_a_limit_that_is_not_a_whole_number_is_refused_however_close_it_is(number):
    [(line, key, message)] = config_problems(DENSE + f"max_flops = {number}")
    assert (line, key) == (4, "entries.dense.max_flops")
    assert message == f"is {number}; it must be a whole number"


def test_a_decimal_number_is_what_it_is_written_as_not_the_nearest_float():
    lines = DENSE, CONV + 'ratio_to = "dense"\nmax_ratio = 0.1'
    [limit] = config_of(*lines).entries["conv"].limits
    assert limit.wanted == Fraction(1, 10)
    [limit] = config_of(DENSE, "max_flops = 1e23").entries["dense"].limits
    assert limit.wanted == 10**23


@pytest.mark.parametrize("number", [12345678901234567890, 2**64 + 1, 123456789012345678901234567890123456789])
def test_a_whole_number_of_any_length_is_exact(number):
    [limit] = config_of(DENSE, f"max_flops = {number}").entries["dense"].limits
    assert limit.wanted == number


@pytest.mark.parametrize("number", ["12345678901234567890123.0", "1.2345678901234567890123e22"])
def test_a_number_with_a_point_that_would_lose_digits_is_refused_at_its_line(number):
    with pytest.raises(ConfigError) as raised:
        config_of(DENSE, f"max_flops = {number}")
    [problem] = raised.value.problems
    assert problem.message == (
        f"{number} has more digits than floating point keeps\nWrite it as a whole number, without a point."
    )
    assert problem.line == 5


def test_a_number_that_would_be_read_as_0_is_refused():
    with pytest.raises(ConfigError, match="1e-99999999 is too close to 0"):
        config_of(DENSE, "max_flops = 1e-99999999")
    assert config_of(DENSE, "max_flops = 0.0e-99999999").entries["dense"].limits[0].wanted == 0
