"""The grammar of the spec language. Each function's docstring is its rule."""

from __future__ import annotations

from collections.abc import Callable

from convcost.core.errors import SpecError
from convcost.layers import FUNCTION_ALIASES, FUNCTIONS
from convcost.spec.argument_grammar import CONSTANTS, argument, integer, shape
from convcost.spec.syntax import (
    Argument,
    Branch,
    Call,
    Candidate,
    Definition,
    Expression,
    Input,
    Repeat,
    Step,
    check_text,
)
from convcost.spec.tokens import Token, Tokens

TIMES = ("x", "×", "*")

OTHER_OPERATIONS = (
    "Join branches with +, *, concat, matmul or einsum. For other operations, use a module: file.py:Net."
)

UNEXPECTED_HINTS = {
    **dict.fromkeys(("-", "/", "//", "**", "["), OTHER_OPERATIONS),
    ":": "A torch module such as net.py:Net can't be part of a chain.",
}
"""Hints for what may follow a step by mistake."""

INCOMING = "x"


def parse_candidate(text: str) -> Candidate:
    """candidate: (definition [";"])* [NAME "="] [shape "->"] chain"""
    check_text(text)
    tokens = Tokens(text)
    definitions = []
    while is_definition(tokens):
        definitions.append(definition(tokens))
    if definitions and tokens.next.rule == "end":
        tokens.fail("a design after the definitions")
    name = ""
    if tokens.next.rule == "name" and tokens.after_next.text == "=":
        name = tokens.read().text
        tokens.read()
    body = tokens.start
    if tokens.next.rule == "name" and tokens.after_next.text == "[":
        hint = "Write the shape alone, such as [1, 10]. On the command line, --dtype sets the dtype."
        message = "the input of a design has no dtype"
        raise SpecError(message, text=text, span=tokens.next.span, hint=hint)
    input_shape: tuple[Expression, ...] = ()
    if tokens.next.text == "[":
        input_shape = shape(tokens)
        tokens.expect("->")
    steps = chain(tokens)
    if tokens.next.rule != "end":
        tokens.fail("'->'", "the end of the spec", hint=UNEXPECTED_HINTS.get(tokens.next.text, ""))
    return Candidate(name, input_shape, steps, text, body, tuple(definitions))


def is_definition(tokens: Tokens) -> bool:
    """Whether the next tokens start a definition: a name, brackets, and an equals sign."""
    return tokens.next.rule == "name" and tokens.after_next.text == "(" and tokens.after_brackets.text == "="


def definition(tokens: Tokens) -> Definition:
    """definition: NAME "(" [NAME ("," NAME)*] ")" "=" chain, up to a semicolon or the end of the line"""
    if not is_plain(tokens.next.text):
        tokens.fail("the name of a definition")
    name = tokens.read()
    tokens.expect("(")
    parameters = []
    while tokens.next.text != ")":
        if tokens.next.rule != "name" or not is_plain(tokens.next.text):
            tokens.fail("the name of a size")
        parameters.append(tokens.read().text)
        if not tokens.accept(","):
            break
    tokens.expect(")", ",")
    tokens.expect("=")
    steps = chain(tokens)
    extent = tokens.span_from(name.span.start)
    if not tokens.accept(";") and not tokens.is_first_on_line and tokens.next.rule != "end":
        tokens.fail("'->'", "';' or a new line after the definition")
    return Definition(name.text, tuple(parameters), steps, name.span, extent)


def is_plain(name: str) -> bool:
    """Whether a definition or parameter can have this name: it has no dot, and is not a constant."""
    return "." not in name and name not in CONSTANTS


def chain(tokens: Tokens) -> tuple[Step, ...]:
    """chain: step ("->" step)*"""
    steps = step(tokens)
    while tokens.accept("->"):
        steps += step(tokens)
    return steps


def step(tokens: Tokens) -> tuple[Step, ...]:
    """step: term ("+" term)*"""
    return joined(tokens, "+", "add", term)


def term(tokens: Tokens) -> tuple[Step, ...]:
    """term: factor ("*" factor)*"""
    return joined(tokens, "*", "mul", factor)


def joined(
    tokens: Tokens, operator: str, kind: str, operand: Callable[[Tokens], tuple[Step, ...]]
) -> tuple[Step, ...]:
    """The steps of a single operand, or a call with several operands as branches."""
    start = tokens.start
    branches = [branch(tokens, operand)]
    while tokens.accept(operator):
        branches.append(branch(tokens, operand))
    if branches[1:]:
        return (Call(kind, (), tokens.span_from(start), tuple(branches)),)
    return branches[0].steps


def branch(tokens: Tokens, steps: Callable[[Tokens], tuple[Step, ...]]) -> Branch:
    """A branch of the steps that `steps` parses."""
    start = tokens.start
    return Branch(steps(tokens), tokens.span_from(start))


def factor(tokens: Tokens) -> tuple[Step, ...]:
    """factor: INTEGER ("x" | "*") unit | unit [("x" | "*") INTEGER]"""
    start = tokens.start
    if tokens.next.rule == "integer":
        times = integer(tokens)
        if not tokens.accept(*TIMES):
            is_argument = tokens.next.text in {",", ")"}
            hint = "A number is not a branch. Name the argument: dim=1." if is_argument else ""
            tokens.fail("'x' and the layer to repeat", hint=hint)
        steps = unit(tokens)
        return (Repeat(times, steps, tokens.span_from(start)),)
    steps = unit(tokens)
    if tokens.next.text not in TIMES or (tokens.next.text == "*" and tokens.after_next.rule != "integer"):
        return steps
    tokens.read()
    if tokens.next.rule != "integer":
        tokens.fail("the number of repetitions")
    times = integer(tokens)
    return (Repeat(times, steps, tokens.span_from(start)),)


def unit(tokens: Tokens) -> tuple[Step, ...]:
    """unit: "x" | shape | layer | sequential | "(" chain ")" """
    if tokens.accept("("):
        steps = chain(tokens)
        tokens.expect(")", "->")
        return steps
    if tokens.next.text == "[":
        start = tokens.start
        sizes = shape(tokens)
        return (Input(sizes, tokens.span_from(start)),)
    if tokens.next.rule != "name":
        tokens.fail("a layer such as Linear(10E, E)")
    if tokens.next.text == INCOMING and tokens.after_next.text != "(":
        tokens.read()
        return ()
    if kind_of(tokens.next) == "Sequential":
        return sequential(tokens)
    return (layer(tokens),)


def kind_of(token: Token) -> str:
    """The name of a layer, without `torch.nn.`."""
    return token.text.removeprefix("torch.").removeprefix("nn.")


def sequential(tokens: Tokens) -> tuple[Step, ...]:
    """sequential: "Sequential" "(" [key] chain ([","] [key] chain)* ")", as written in code or printed"""
    tokens.read()
    tokens.expect("(")
    steps: tuple[Step, ...] = ()
    while tokens.next.text != ")":
        key(tokens)
        steps += chain(tokens)
        if not tokens.accept(",") and not is_key(tokens):
            break
    tokens.expect(")", ",", "->")
    return steps


def is_key(tokens: Tokens) -> bool:
    """Whether the next tokens are a key."""
    return tokens.next.text == "(" and tokens.after(3).text == ":"


def key(tokens: Tokens) -> None:
    """key: "(" (INTEGER | NAME) ")" ":", which is skipped"""
    if is_key(tokens):
        for _ in range(4):
            tokens.read()


def layer(tokens: Tokens) -> Call:
    """layer: NAME ["(" [argument ("," argument)*] ")" ["(" chain ("," chain)* ")"]] | join"""
    token = tokens.read()
    kind = kind_of(token)
    arguments: list[Argument] = []
    branches: list[Branch] = []
    is_join = FUNCTION_ALIASES.get(kind.lower(), kind.lower()) in FUNCTIONS["joins"]
    if tokens.accept("("):
        if is_key(tokens):
            tokens.fail("its arguments", hint="To count your own module, use file.py:Net.")
        while tokens.next.text != ")":
            if is_join and tokens.next.rule != "word" and tokens.after_next.text != "=":
                branches.append(branch(tokens, chain))
            else:
                arguments.append(argument(tokens))
            if not tokens.accept(","):
                break
        tokens.expect(")", ",")
        on_same_line = not tokens.is_first_on_line and not is_key(tokens)
        if not is_join and tokens.next.text == "(" and on_same_line:
            branches = operands(tokens)
    return Call(kind, tuple(arguments), token.span, tuple(branches))


def operands(tokens: Tokens) -> list[Branch]:
    """operands: "(" chain ("," chain)* ")", the inputs of a layer"""
    tokens.expect("(")
    branches = [branch(tokens, chain)]
    while tokens.accept(",") and tokens.next.text != ")":
        branches.append(branch(tokens, chain))
    tokens.expect(")", ",")
    return branches
