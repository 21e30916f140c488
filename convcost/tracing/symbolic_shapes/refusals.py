"""Errors for sizes that can't stay open; hints give the nearest request that works."""

from __future__ import annotations

import re
from collections.abc import Iterable

from convcost.core.errors import ConvcostError, join_words
from convcost.symbolic.constraints import relation
from convcost.symbolic.formula import Formula
from convcost.symbolic.substitution import names_in
from convcost.symbolic.sympy_bridge import to_sympy
from convcost.symbolic.sympy_text import readable
from convcost.tracing.declared_inputs import SHORT_NAMES, DeclaredInputs, DeclaredTensor
from convcost.tracing.symbolic_shapes.sizes import SymbolicSizes
from convcost.tracing.user_error import error_location, error_text, target_error

SYMBOL = re.compile(r"\bs\d+\b")
"""A symbolic size in torch's messages."""

DTYPE_ABBREVIATIONS = {name: short for short, name in reversed(SHORT_NAMES.items())}


def value_needed_error(names: Iterable[str], error: Exception, inputs: DeclaredInputs) -> ConvcostError:
    """The error for a model that needs the value of a size, for instance in a loop."""
    listed = ", ".join(names)
    message = "\n".join((f"{listed} can't stay open: the model needs a number there", *error_location(error)))
    return ConvcostError(message, hint=_numbers_for(listed, inputs))


def data_needed_error(error: Exception, inputs: DeclaredInputs) -> ConvcostError:
    """The error for a model whose control flow depends on data."""
    message = (
        "no size can stay open, because the model's control flow or output shape depends on tensor values"
    )
    names = ", ".join(inputs.names)
    return ConvcostError("\n".join((message, *error_location(error))), hint=_numbers_for(names, inputs))


def no_formula_error(error: Exception, inputs: DeclaredInputs) -> ConvcostError:
    """The error for a size or a cost without a formula."""
    message = "\n".join((error_text(error), *error_location(error)))
    return ConvcostError(message, hint=_numbers_for(", ".join(inputs.names), inputs))


def fixed_sizes_error(
    differences: Iterable[Formula], sizes: SymbolicSizes, inputs: DeclaredInputs
) -> ConvcostError:
    """The error for a model that runs only where `differences` are 0, as they are for the examples."""
    equations: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for difference in differences:
        found = {name: sizes.examples[name] for name in sorted(names_in(difference))}
        alone = [f"{name} = {number}" for name, number in found.items() if len(found) == 1]
        equations.update(dict.fromkeys(alone or [relation(to_sympy(difference), "=").text(readable)]))
        numbers.update(found)
    message = f"{join_words(numbers)} can't stay open: the model runs only with {', '.join(equations)}"
    return ConvcostError(message, hint=f"This works: {input_options(inputs.sized(numbers))}.")


def never_ran_error(sizes: SymbolicSizes, error: Exception, inputs: DeclaredInputs) -> ConvcostError:
    """The error for a model that failed on all examples, with the first failure."""
    listed = ", ".join(f"{name} = {number}" for name, number in sizes.examples.items())
    hint = f"Check the sizes that are numbers. {_numbers_for(', '.join(inputs.names), inputs)}"
    return target_error(
        f"the model ran with none of the sizes tried, first {listed}", _with_formulas(error, sizes), hint
    )


def _with_formulas(error: Exception, sizes: SymbolicSizes) -> Exception:
    """`error` with formulas for torch's symbols in its message."""
    text = SYMBOL.sub(lambda found: sizes.formula_text(found[0]), error_text(error))
    if text == error_text(error) or type(error) not in (AssertionError, IndexError, RuntimeError, ValueError):
        return error
    formula_text = type(error)(text).with_traceback(error.__traceback__)
    for note in getattr(error, "__notes__", ()):
        formula_text.add_note(note)
    return formula_text


def _numbers_for(names: str, inputs: DeclaredInputs) -> str:
    return f"Give a number for {names}: in {input_options(inputs)}, or by --set."


def input_options(inputs: DeclaredInputs) -> str:
    """The inputs as options of the command line."""
    places = [_text(declared) for declared in inputs.args]
    named = [f"{name}={_text(declared)}" for name, declared in inputs.kwargs.items()]
    return " ".join(f'--input "{text}"' for text in (*places, *named))


def _text(declared: DeclaredTensor) -> str:
    return f"{DTYPE_ABBREVIATIONS.get(declared.dtype, declared.dtype)}[{','.join(map(str, declared.shape))}]"
