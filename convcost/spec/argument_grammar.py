"""The grammar of arguments: sizes, tuples, words, numbers. Each function's docstring is its rule."""

from __future__ import annotations

from convcost.spec.syntax import (
    Argument,
    Constant,
    Expression,
    Float,
    Name,
    Number,
    Power,
    Product,
    String,
    Sum,
    TupleValue,
    Value,
    check_degree,
    check_digits,
    check_dimensions,
    check_text,
    degree,
)
from convcost.spec.tokens import Tokens

CONSTANTS = {"True": True, "False": False, "None": None}
PRODUCTS = ("*", "×", "/", "//")


def parse_size(text: str) -> Expression:
    """Parse a single size, such as `4*128`."""
    check_text(text)
    tokens = Tokens(text)
    size = sum_expression(tokens)
    if tokens.next.rule != "end":
        tokens.fail("an operator", "the end of the size")
    return size


def shape(tokens: Tokens) -> tuple[Expression, ...]:
    """shape: "[" sum ("," sum)* "]" """
    tokens.expect("[")
    sizes = [sum_expression(tokens)]
    while tokens.accept(",") and tokens.next.text != "]":
        check_dimensions(len(sizes) + 1, tokens.text, tokens.next.span)
        sizes.append(sum_expression(tokens))
    tokens.expect("]", ",")
    return tuple(sizes)


def argument(tokens: Tokens) -> Argument:
    """argument: [NAME "="] value"""
    start = tokens.start
    name = ""
    if tokens.next.rule == "name" and tokens.after_next.text == "=":
        name = tokens.read().text
        tokens.read()
    return Argument(name, value(tokens), tokens.span_from(start))


def value(tokens: Tokens) -> Value:
    """value: WORD | dotted | "[" item, … "]" | "(" item, item, … ")" | item"""
    match tokens.next.rule:
        case "word":
            return String(tokens.read().text[1:-1])
        case "name" if "." in tokens.next.text:
            return dotted(tokens)
    if tokens.accept("["):
        return rest_of_tuple(tokens, [item(tokens)], "]")
    if tokens.next.text == "(" and tokens.brackets_hold_comma():
        tokens.read()
        return rest_of_tuple(tokens, [item(tokens)], ")")
    return item(tokens)


def dotted(tokens: Tokens) -> String:
    """dotted: NAME "." NAME ["(" WORD ")"]: torch.float16, torch.device("cuda")"""
    name = tokens.read().text
    if tokens.next.text == "(" and tokens.after(1).rule == "word" and tokens.after(2).text == ")":
        for _ in range(3):
            tokens.read()
    return String(name)


def rest_of_tuple(tokens: Tokens, items: list[Constant | Float | Expression], closing: str) -> TupleValue:
    """The rest of a tuple or list: ("," item)* [","] closing"""
    while tokens.accept(",") and tokens.next.text != closing:
        items.append(item(tokens))
    tokens.expect(closing, ",")
    return TupleValue(tuple(items))


def item(tokens: Tokens) -> Constant | Float | Expression:
    """item: "True" | "False" | "None" | ["-"] REAL | sum"""
    if tokens.next.text in CONSTANTS:
        return Constant(CONSTANTS[tokens.read().text])
    if tokens.next.rule == "real":
        return Float(tokens.read().text)
    if tokens.next.text == "-" and tokens.after_next.rule == "real":
        tokens.read()
        return Float(f"-{tokens.read().text}")
    return sum_expression(tokens)


def sum_expression(tokens: Tokens) -> Expression:
    """sum: ["-"] product (("+" | "-") product)*"""
    start = tokens.start
    terms = [(-1 if tokens.accept("-") else 1, product(tokens))]
    while operator := tokens.accept("+", "-"):
        terms.append((-1 if operator == "-" else 1, product(tokens)))
    if terms[1:] or terms[0][0] < 0:
        return Sum(tuple(terms), tokens.span_from(start))
    return terms[0][1]


def product(tokens: Tokens) -> Expression:
    """product: coefficient (("*" coefficient) | (("/" | "//") power))*"""
    start = tokens.start
    first = coefficient(tokens)
    rest = []
    while operator := tokens.accept(*PRODUCTS):
        divides = operator.startswith("/")
        rest.append((operator if divides else "*", (power if divides else coefficient)(tokens)))
    if not rest:
        return first
    result = Product(first, tuple(rest), tokens.span_from(start))
    check_degree(degree(result), tokens.text, result.span)
    return result


def coefficient(tokens: Tokens) -> Expression:
    """coefficient: power | INTEGER power, where the power starts with a name or a bracket: 10E, 2(E+1)"""
    start = tokens.start
    is_number = tokens.next.rule == "integer"
    first = power(tokens)
    if is_number and (tokens.next.rule == "name" or tokens.next.text == "("):
        return Product(first, (("*", power(tokens)),), tokens.span_from(start))
    return first


def power(tokens: Tokens) -> Expression:
    """power: atom ["**" INTEGER]"""
    start = tokens.start
    base = atom(tokens)
    if not tokens.accept("**"):
        return base
    if tokens.next.rule != "integer":
        tokens.fail("an integer exponent")
    result = Power(base, integer(tokens), tokens.span_from(start))
    check_degree(degree(result), tokens.text, result.span)
    return result


def atom(tokens: Tokens) -> Expression:
    """atom: INTEGER | NAME | "(" sum ")" """
    if tokens.next.rule == "integer":
        return Number(integer(tokens))
    if tokens.next.rule == "name" and tokens.next.text not in CONSTANTS and "." not in tokens.next.text:
        token = tokens.read()
        return Name(token.text, token.span)
    if tokens.accept("("):
        inner = sum_expression(tokens)
        tokens.expect(")", "an operator")
        return inner
    tokens.fail("a size such as 128, E or 10E")


def integer(tokens: Tokens) -> int:
    """INTEGER: digits, optionally separated by `_`"""
    check_digits(tokens.text, tokens.next.span)
    return int(tokens.read().text.replace("_", ""))
