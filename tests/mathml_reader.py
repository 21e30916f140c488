"""Evaluates MathML with numbers for its names."""

from fractions import Fraction
from xml.etree import ElementTree

SIGNS = {"·": "*", "×": "*", "−": "-", "⌊": "floor(", "⌋": ")", "{": "(", "}": ")"}


def evaluated(mathml, **sizes):
    """The exact value of the content of `<math>`."""
    exact = {name: Fraction(size) for name, size in sizes.items()}
    names = {"floor": lambda value: value // 1, "max": max, "absolute": abs, "F": Fraction, **exact}
    return eval(_program(ElementTree.fromstring(f"<mrow>{mathml}</mrow>")), {"__builtins__": {}}, names)


def _program(element):
    parts = list(map(_program, element))
    match element.tag:
        case "mn":
            return f"F({element.text.replace(',', '')})"
        case "mi":
            return element.text
        case "mo":
            return SIGNS.get(element.text, element.text)
        case "mfrac":
            return f"({parts[0]})/({parts[1]})"
        case "msup":
            return f"({parts[0]})**({parts[1]})"
        case "msqrt":
            return f"({''.join(parts)})**0.5"
        case "mrow" if parts and parts[0] == parts[-1] == "|":
            return f"absolute({''.join(parts[1:-1])})"
    assert element.tag == "mrow"
    return "".join(parts)
