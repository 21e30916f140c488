"""A deliberate error: a text in a file of the package, and its replacement."""

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "convcost"

FORMULAS = "core/arithmetic.py"
LAYERS = ("tests/layers", "tests/core/test_arithmetic.py", "tests/symbolic/test_open_layers.py")
MODULES = (
    *("tests/tracing/test_elementwise_operators.py", "tests/tracing/test_operators_backward.py"),
    *("tests/tracing/test_matrix_products.py", "tests/tracing/test_written_out.py"),
    "tests/tracing/test_reference_counts.py",
    *("tests/tracing/test_wherever_it_hides.py", "tests/tracing/test_backward.py"),
    *("tests/tracing/test_published.py", "tests/tracing/test_every_layer.py"),
)


class Mutation(NamedTuple):
    what: str
    file: str
    old: str
    new: str

    def applied(self, text: str) -> str:
        """The file's text with the error. The text to replace must occur once."""
        if text.count(self.old) != 1:
            raise SystemExit(f"{self.file}: {text.count(self.old)} places for {self.what!r}: {self.old!r}")
        return text.replace(self.old, self.new)


class Family:
    """Errors in one family of formulas; `verify` tries `kinds`, and `tests` cover the family too."""

    def __init__(self, name: str, kinds: tuple[str, ...], tests: tuple[str, ...], file: str) -> None:
        self.name = name
        self.kinds = kinds
        self.tests = tests
        self.file = file
        self.mutations: list[Mutation] = []

    def error(self, what: str, old: str, new: str, file: str = "") -> None:
        """Add an error, in the family's file or another one."""
        self.mutations.append(Mutation(what, file or self.file, old, new))
