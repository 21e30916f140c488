"""Where keys stand in a TOML text: tomllib says what they are, and a scan where."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.gate.toml_positions import positions

TEXT = '''\
# [not.a.table]
name = "a # b = c [x]"  # key = 1
date = 2024-05-06 07:08:09.5
lines = """
[tool.fake]
key = 'no'
a \\""" b"""
raw = \'\'\'
x = 1\'\'\'
number = -1.5e-3

[tool . convcost]
"quoted \\u0041" = 1
'li.teral' = { inner = 1, deep.er = { x = [1, { y = 2 }] } }
list = [
  "a,b]",  # comment ]
  [1, 2],
  { z = 3 },
]
dotted.key.path = true
[[array]]
a = 1
[[array]]
a = 2
'''

LINES = {
    ("name",): 2,
    ("date",): 3,
    ("lines",): 4,
    ("raw",): 8,
    ("number",): 10,
    ("tool",): 12,
    ("tool", "convcost"): 12,
    ("tool", "convcost", "quoted A"): 13,
    ("tool", "convcost", "li.teral"): 14,
    ("tool", "convcost", "li.teral", "inner"): 14,
    ("tool", "convcost", "li.teral", "deep"): 14,
    ("tool", "convcost", "li.teral", "deep", "er"): 14,
    ("tool", "convcost", "li.teral", "deep", "er", "x"): 14,
    ("tool", "convcost", "li.teral", "deep", "er", "x", "1", "y"): 14,
    ("tool", "convcost", "list"): 15,
    ("tool", "convcost", "list", "2", "z"): 18,
    ("tool", "convcost", "dotted"): 20,
    ("tool", "convcost", "dotted", "key"): 20,
    ("tool", "convcost", "dotted", "key", "path"): 20,
    ("array",): 21,
    ("array", "0", "a"): 22,
    ("array", "1", "a"): 24,
}


def test_every_key_of_every_form_has_its_line():
    tomllib.loads(TEXT)
    assert {path: found.line for path, found in positions(TEXT).items()} == LINES | {("array",): 23}


def test_a_key_has_its_column_and_length():
    found = positions('  "a b" . c = 1')
    assert found[("a b",)][:] == (1, 3, 5)
    assert found[("a b", "c")][:] == (1, 11, 1)


KEYS = st.sampled_from(["a", "b-c", "D_1", '"x y"', "'q=#'", '"e\\"]"', "7"])
SCALARS = st.sampled_from(
    [
        *("1", "-2.5e-7", "true", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00.25", "inf"),
        *('"a # [b] = {c}"', "'lit # ]'", '"""two\nlines ]\n"""', "'''raw\n= { '''", '""', '"""q"""""'),
    ]
)


def written_list(items):
    return "[ # ]\n" + ", # ,\n".join(items) + "\n]"


def written_table(pairs):
    return "{" + ", ".join(f"{key} = {value}" for key, value in pairs) + "}"


def tables_of(values, most=3):
    return st.lists(st.tuples(KEYS, values), max_size=most, unique_by=lambda pair: pair[0])


def containers(inner):
    on_a_line = inner.filter(lambda text: "\n" not in text)
    return st.lists(inner, max_size=3).map(written_list) | tables_of(on_a_line).map(written_table)


VALUES = st.recursive(SCALARS, containers, max_leaves=5)


@given(tables_of(tables_of(VALUES), most=4))
def test_the_line_of_every_key_is_the_one_it_was_written_on(tables):
    text, expected = "", {}
    for name, pairs in tables:
        table = next(iter(tomllib.loads(f"{name} = 1")))
        expected[(table,)] = text.count("\n") + 1
        text += f"[{name}] # [{name}]\n"
        for key, value in pairs:
            path = (table, next(iter(tomllib.loads(f"{key} = 1"))))
            expected[path] = text.count("\n") + 1
            text += f"{key} = {value}\n\n"
    tomllib.loads(text)
    found = positions(text)
    assert {path: found[path].line for path in expected} == expected
    assert {path for path in found if len(path) == 1} | {
        path for path in expected if path[1:]
    } == expected.keys()


@pytest.mark.parametrize("text", ["", "\n\n", "# only", "a = 1", "a = 1\r\nb = 2\r\n"])
def test_short_texts_are_read_to_their_end(text):
    assert list(positions(text)) == [(key,) for key in tomllib.loads(text)]
