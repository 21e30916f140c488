"""Torch modules of designs: source code (an nn.Sequential or a class), and the built module."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any

from convcost.core.cost import BATCH_LIKE, Shape, Size, example_size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.type_checks import merge_sizes
from convcost.design import GivenDesign, as_design, check_sizes, sized_spec
from convcost.layers import is_function, is_torch_layer
from convcost.layers.dense import Bilinear
from convcost.layers.interface import Layer, argument_fields
from convcost.layers.network import Chain, InputTensor, LayerCall, Network, layers_of
from convcost.spec import Spec, check_names

if TYPE_CHECKING:
    import torch

LONGEST_EXPRESSION = 60
"""A longer expression is assigned to a variable before a method is called on it."""

LONGEST_OPERAND = 40
"""A longer operand is assigned to a variable."""

LONGEST_PERIOD = 32
"""The most calls in a block that is recognized as repeated."""

INDENT = "    "

OWN_MODULES = {"ScaledDotProductAttention": "attention_module.py"}
"""Modules that torch.nn does not have, with the file in `tracing` that ends with their class."""

TAKEN_BY_CLASSES = (*keyword.kwlist, *OWN_MODULES)
"""Names that a class can't have: `true` would become True."""


def code(design: GivenDesign, /, **sizes: Size) -> str:
    '''Python source that defines the torch module of a spec, or of a spec's report.

    A chain of modules becomes a variable `model`, and anything else a class `Model`, or with the name of the
    design. The module has the inputs, parameters and costs of the design.

    Raises:
        SpecError: If the text is invalid, or a layer does not accept its input.
        UsageError: For a size without a value, or a torch module, which has code already.

    >>> print(code("[1, 8] -> Linear(8, E)", E=4))
    """[1, 8] -> Linear(8, E)
    <BLANKLINE>
    36 parameters, 32 MACs on [1, 8].
    """
    <BLANKLINE>
    from torch import nn
    <BLANKLINE>
    model = nn.Sequential(
        nn.Linear(8, 4),  # [1, 4]
    )
    <BLANKLINE>
    '''
    network, report = _numeric_design(design, sizes, "code")
    return module_code(network, report)


def build(design: GivenDesign, /, **sizes: Size) -> torch.nn.Module:
    """Build the torch module of a spec, or of a spec's report, in training mode on torch's default device.

    It has the inputs, parameters and costs of the design, with torch's random initialization. Raises the
    errors of `code`.

    >>> build("[1, 8] -> Linear(8, E) -> ReLU", E=4)
    Sequential(
      (0): Linear(in_features=8, out_features=4, bias=True)
      (1): ReLU()
    )
    """
    network, _ = _numeric_design(design, sizes, "build")
    from convcost.tracing.network_module import build_module

    return build_module(network)


def _numeric_design(design: GivenDesign, sizes: Mapping[str, Size], what: str) -> tuple[Network, Report]:
    """The network and report of a design's spec, with values for all sizes."""
    stated, given = as_design(design), merge_sizes(sizes)
    check_sizes(given, (stated,))
    spec, own = sized_spec(stated, given, what, "A torch module has code already.")
    return numeric_network(spec, own), spec.report(own)


REQUIRED_SIZE = re.compile(r"([A-Za-z_]\w*) = ([0-9]+)")
"""An assumption that allows one value of a size."""


def numeric_network(spec: Spec, sizes: Mapping[str, Size]) -> Network:
    """The network with values for all sizes; UsageError for an unknown size, or one without a value."""
    check_names(sizes, (spec,))
    network = spec.network(sizes)
    if network.is_open:
        missing = [name for name in spec.names if name not in sizes and name not in BATCH_LIKE]
        required = (REQUIRED_SIZE.fullmatch(each.text) for each in spec.report(sizes).assumptions)
        values = {each[1]: each[2] for each in required if each}
        options = " ".join(f"--{name} {values.get(name, example_size(name))}" for name in missing)
        arguments = ", ".join(f"{name}={values.get(name, example_size(name))}" for name in missing)
        message = f"a module needs a value for every size: {', '.join(missing)}"
        raise UsageError(message, hint=f"Add {arguments}.", cli_hint=f"Add {options}.")
    return network


def module_code(network: Network, report: Report) -> str:
    """The source of the module of `network`, with figures from its `report`."""
    name = network.name if _is_variable(network.name) else "model"
    rows = iter(report.rows)
    if all(map(_is_plain, network.chain)):
        body = "\n".join((f"{name} = nn.Sequential(", *_entries(network.chain, rows), ")"))
    else:
        module = _ModuleWriter(network.chain, rows, _class_name(name))
        body = "\n" + "\n\n\n".join((*module.blocks, module.text()))
    own = dict.fromkeys(type(layer).__name__ for layer in network.layers)
    body = "".join(f"\n{_own_module(kind)}\n\n" for kind in own if kind in OWN_MODULES) + body
    imports = "import torch\nfrom torch import nn\n" if "torch." in body else "from torch import nn\n"
    return f"{_docstring(report)}\n{imports}\n{body}\n"


def _own_module(kind: str) -> str:
    """The source of a module that torch.nn does not have."""
    text = files("convcost.tracing").joinpath(OWN_MODULES[kind]).read_text(encoding="utf-8")
    return text[text.index(f"class {kind}(") :]


def _is_variable(name: str) -> bool:
    is_taken = keyword.iskeyword(name) or name in ("nn", "torch") or is_torch_layer(name)
    return name.isidentifier() and not is_taken and _class_name(name) not in TAKEN_BY_CLASSES


def _docstring(report: Report) -> str:
    inputs = " and ".join(_shape_text(tensor.shape) for tensor in report.inputs)
    figures = f"{report.params:,} parameters, {report.macs:,} MACs on {inputs}."
    definitions = "".join(f"{signature} = {chain}\n" for signature, chain in report.definitions)
    escaped = f"{definitions}{report.spec}".replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{escaped}\n\n{figures}\n"""\n'


def _class_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) or "Model"


def _shape_text(shape: Shape) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _is_plain(call: LayerCall | InputTensor) -> bool:
    """Whether the call is a torch.nn module with one tensor as input and output."""
    if isinstance(call, InputTensor) or call.branches:
        return False
    layer = call.layer
    is_module = not is_function(type(layer)) and not isinstance(layer, Bilinear)
    return is_module and not layer.returns_tuple and layer.forward_inputs(1) == (0,)


def _entries(chain: Chain, rows: Iterator[Row]) -> list[str]:
    """The lines of a Sequential, with output shapes as comments."""
    calls = (call for call in chain if isinstance(call, LayerCall))
    return [
        f"{INDENT}{_constructor(call)},  # {_shape_text(row.output)}"
        for call, row in zip(calls, rows, strict=False)
    ]


def _constructor(call: LayerCall) -> str:
    dtype = [f"dtype=torch.{call.dtype}"] if call.dtype else []
    module = "" if type(call.layer).__name__ in OWN_MODULES else "nn."
    return f"{module}{type(call.layer).__name__}({', '.join([*_arguments(call.layer), *dtype])})"


def _arguments(layer: Layer) -> list[str]:
    """Required arguments by position, and those that differ from torch's defaults by name."""
    required = {field.name for field in argument_fields(layer) if field.default is MISSING}
    values = {name: _literal(value) for name, value in layer.arguments().items()}
    return [text if name in required else f"{name}={text}" for name, text in values.items()]


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


class _ModuleWriter:
    """Writes a class with __init__ and forward, and the classes of its repeated blocks."""

    def __init__(self, chain: Chain, rows: Iterator[Row], name: str) -> None:
        self.name = name
        self.blocks: list[str] = []
        self._rows = rows
        self._names: Counter[str] = Counter()
        self._attributes: list[str] = []
        self._statements: list[str] = []
        self._inputs = ["x"]
        expression = self._chain(chain, "x", "x")
        self._statements.append(f"return {expression}")

    def text(self) -> str:
        """The source of the class."""
        attributes = self._indented(("super().__init__()", *self._attributes))
        initializer = ("def __init__(self):", *attributes)
        forward = (f"def forward(self, {', '.join(self._inputs)}):", *self._indented(self._statements))
        methods = (*initializer, "", *forward) if self._attributes else forward
        return "\n".join((f"class {self.name}(nn.Module):", *self._indented(methods)))

    @staticmethod
    def _indented(lines: Iterable[str]) -> Iterator[str]:
        return (line and INDENT + line for line in lines)

    def _new_name(self, base: str) -> str:
        """`base`, with a number from the second use on."""
        self._names[base] += 1
        return base if self._names[base] == 1 else f"{base}{self._names[base]}"

    def _chain(self, chain: Chain, source: str, target: str) -> str:
        """An expression for the output of the chain on `source`; intermediate results go to `target`."""
        expression, index = source, 0
        while index < len(chain):
            if expression in self._inputs or self._continues(chain[index], expression):
                source = expression
            elif expression != source:
                target = target or self._new_name("y")
                self._statements.append(f"{target} = {expression}")
                source = target
            expression, index = self._next(chain, index, source)
        return expression

    def _continues(self, call: LayerCall | InputTensor, expression: str) -> bool:
        """Whether the call can be a method call on the expression in the same line."""
        is_method = isinstance(call, LayerCall) and is_function(type(call.layer)) and not call.branches
        return is_method and len(expression) <= LONGEST_EXPRESSION and not _has_operator(expression)

    def _next(self, chain: Chain, index: int, source: str) -> tuple[str, int]:
        """An expression for the next calls in the chain, and the index after them."""
        call = chain[index]
        if isinstance(call, InputTensor):
            self._inputs.append(f"x{len(self._inputs) + 1}")
            return self._inputs[-1], index + 1
        period, times = _repetition(chain, index)
        if times > 1:
            block = chain[index : index + period]
            return f"{self._repeated(block, times)}({source})", index + period * times
        end = index
        while end < len(chain) and _is_plain(chain[end]):
            end += 1
        if end > index + 1:
            return f"{self._sequential(chain[index:end])}({source})", end
        operands = [self._operand(branch, source) for branch in call.branches] or [source]
        row = next(self._rows)
        return self._call(call, operands, row), index + 1

    def _operand(self, branch: Chain, source: str) -> str:
        expression = self._chain(branch, source, "")
        return expression if len(expression) <= LONGEST_OPERAND else self._variable(expression)

    def _variable(self, expression: str) -> str:
        """Assign the expression to a new variable."""
        variable = self._new_name("y")
        self._statements.append(f"{variable} = {expression}")
        return variable

    def _sequential(self, calls: Chain) -> str:
        attribute = self._new_name("layers")
        self._attributes += [f"self.{attribute} = nn.Sequential(", *_entries(calls, self._rows), ")"]
        return f"self.{attribute}"

    def _repeated(self, block: Chain, times: int) -> str:
        """A Sequential of instances of a new class for the block."""
        attribute = self._new_name("blocks")
        name = f"{self.name}{_class_name(attribute).replace('Blocks', 'Block')}"
        layers = sum(1 for _ in layers_of(block))
        module = _ModuleWriter(block, islice(self._rows, layers), name)
        self.blocks += [*module.blocks, module.text()]
        for _ in islice(self._rows, layers * (times - 1)):
            pass
        self._attributes.append(f"self.{attribute} = nn.Sequential(*({name}() for _ in range({times})))")
        return f"self.{attribute}"

    def _call(self, call: LayerCall, operands: list[str], row: Row) -> str:
        if is_function(type(call.layer)):
            return _function(call.layer, operands)
        attribute = self._new_name(_attribute_name(type(call.layer).__name__))
        self._attributes.append(f"self.{attribute} = {_constructor(call)}  # {_shape_text(row.output)}")
        if isinstance(call.layer, Bilinear) and len(operands) == 1:
            sizes = f"({call.layer.in1_features!r}, {call.layer.in2_features!r})"
            return f"self.{attribute}(*{_primary(operands[0])}.split({sizes}, dim=-1))"
        order = call.layer.forward_inputs(len(operands))
        operands = [
            self._variable(operand) if order.count(number) > 1 and not operand.isidentifier() else operand
            for number, operand in enumerate(operands)
        ]
        given = [operands[number] for number in order]
        given += [f"{name}={value}" for name, value in call.layer.forward_arguments.items()]
        return f"self.{attribute}({', '.join(given)})" + "[0]" * call.layer.returns_tuple


def _attribute_name(kind: str) -> str:
    """An attribute name: conv for Conv2d, batch_norm for BatchNorm1d, relu for ReLU."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", re.sub(r"\dd$", "", kind))
    return words.lower().replace("_lu", "lu")


def _function(layer: Layer, operands: list[str]) -> str:
    """A function call in its usual form."""
    name = type(layer).__name__
    match name:
        case "add" | "mul" | "matmul":
            operator = {"add": " + ", "mul": " * ", "matmul": " @ "}[name]
            return operator.join(operands if name == "add" else map(_primary, operands))
        case "concat":
            return f"torch.cat([{', '.join(operands)}], dim={layer.arguments().get('dim', 0)})"
        case "einsum":
            return f"torch.einsum({_literal(layer.arguments()['equation'])}, {', '.join(operands)})"
    arguments: Any = getattr(layer, layer.variadic) if layer.variadic else ()
    texts = list(map(repr, arguments)) or _arguments(layer)
    return f"{_primary(operands[0])}.{name}({', '.join(texts)})"


def _primary(expression: str) -> str:
    """The expression, in brackets if needed before a method call."""
    return f"({expression})" if _has_operator(expression) else expression


def _has_operator(expression: str) -> bool:
    """Whether the expression has an operator outside of brackets."""
    depth = 0
    for character in expression:
        depth += (character in "([") - (character in ")]")
        if depth == 0 and character == " ":
            return True
    return False


def _repetition(chain: Chain, start: int) -> tuple[int, int]:
    """The length of a repeated block with branches at `start`, and the number of repetitions."""
    for period in range(1, min(LONGEST_PERIOD, (len(chain) - start) // 2) + 1):
        block = chain[start : start + period]
        times = 1
        while chain[start + period * times : start + period * (times + 1)] == block:
            times += 1
        if times > 1 and _is_block(block):
            return period, times
    return 1, 1


def _is_block(chain: Chain) -> bool:
    """Whether the chain has branches, but no further inputs."""
    calls = [call for call in chain if isinstance(call, LayerCall)]
    branches = [branch for call in calls for branch in call.branches]
    return len(calls) == len(chain) and bool(branches) and all(map(_has_no_input, branches))


def _has_no_input(chain: Chain) -> bool:
    return all(isinstance(call, LayerCall) and all(map(_has_no_input, call.branches)) for call in chain)
