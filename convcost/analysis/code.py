"""A design as a torch module: its source code, an nn.Sequential or a class, and the module itself."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any

from convcost.core.cost import BATCH_LIKE, Shape, Size
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
"""No method is called on an expression of more characters, which gets a variable."""

LONGEST_OPERAND = 40
"""An operand of more characters gets a variable."""

LONGEST_PERIOD = 32
"""The calls of a block that is recognised where it is repeated."""

INDENT = "    "

OWN_MODULES = {"ScaledDotProductAttention": "attention_module.py"}
"""The modules that torch.nn does not have, by the file in `tracing` that ends with each one's class."""

TAKEN_BY_CLASSES = (*keyword.kwlist, *OWN_MODULES)
"""What no class can be called: `true` would be True."""


def code(design: GivenDesign, /, **sizes: Size) -> str:
    '''Python source that defines the torch module of a spec, or of a spec's report.

    A chain of modules becomes a variable, `model`, and anything else a class, `Model`; or they are named as
    the design is. The module takes the design's inputs, and has its parameters and costs. Raises SpecError
    where the text is wrong or a layer does not fit its input, UsageError for a size without a number, and for
    a torch module, which has its code.

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
    """The torch module of a spec, or of a spec's report, in training mode on torch's default device.

    It takes the design's inputs, and has its parameters, at random as torch makes them, and costs. Raises as
    `code` does.

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
    """The network of the spec that the design is, and its report, both in numbers."""
    found, given = as_design(design), merge_sizes(sizes)
    check_sizes(given, (found,))
    spec, own = sized_spec(found, given, what, "A module has its code.")
    return numeric_network(spec, own), spec.report(own)


def numeric_network(spec: Spec, sizes: Mapping[str, Size]) -> Network:
    """The network at `sizes`; UsageError where one is unknown, or has no number."""
    check_names(sizes, (spec,))
    network = spec.network(sizes)
    if network.is_open:
        missing = [name for name in spec.names if name not in sizes and name not in BATCH_LIKE]
        example = " ".join(f"--{name} 32" for name in missing)
        message = f"a module needs values for all sizes: {', '.join(missing)}"
        raise UsageError(message, hint=f"Add {example}.")
    return network


def module_code(network: Network, report: Report) -> str:
    """The source of the module of `network`, whose costs `report` has; both in numbers."""
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
    """The source of a module that torch.nn does not have, to the end of its file."""
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
    """Whether it is a module of torch.nn on what comes in, which returns a tensor."""
    if isinstance(call, InputTensor) or call.branches:
        return False
    layer = call.layer
    is_module = not is_function(type(layer)) and not isinstance(layer, Bilinear)
    return is_module and not layer.returns_tuple and layer.forward_inputs(1) == (0,)


def _entries(chain: Chain, rows: Iterator[Row]) -> list[str]:
    """The lines of a Sequential, each with the shape of the output."""
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
    """The arguments that differ from torch's defaults, those without one by their place."""
    required = {field.name for field in argument_fields(layer) if field.default is MISSING}
    values = {name: _literal(value) for name, value in layer.arguments().items()}
    return [text if name in required else f"{name}={text}" for name, text in values.items()]


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


class _ModuleWriter:
    """A class: the lines of its __init__ and of its forward, and the classes of blocks that it repeats."""

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
        """The class."""
        attributes = self._indented(("super().__init__()", *self._attributes))
        initializer = ("def __init__(self):", *attributes)
        forward = (f"def forward(self, {', '.join(self._inputs)}):", *self._indented(self._statements))
        methods = (*initializer, "", *forward) if self._attributes else forward
        return "\n".join((f"class {self.name}(nn.Module):", *self._indented(methods)))

    @staticmethod
    def _indented(lines: Iterable[str]) -> Iterator[str]:
        return (line and INDENT + line for line in lines)

    def _new_name(self, base: str) -> str:
        """`base`, numbered from the second time on."""
        self._names[base] += 1
        return base if self._names[base] == 1 else f"{base}{self._names[base]}"

    def _chain(self, chain: Chain, source: str, target: str) -> str:
        """An expression of the chain's output on `source`; what comes before is assigned to `target`."""
        expression, place = source, 0
        while place < len(chain):
            if expression in self._inputs or self._continues(chain[place], expression):
                source = expression
            elif expression != source:
                target = target or self._new_name("y")
                self._statements.append(f"{target} = {expression}")
                source = target
            expression, place = self._next(chain, place, source)
        return expression

    def _continues(self, call: LayerCall | InputTensor, expression: str) -> bool:
        """Whether the call is a method of the expression, and both are short enough for one line."""
        is_method = isinstance(call, LayerCall) and is_function(type(call.layer)) and not call.branches
        return is_method and len(expression) <= LONGEST_EXPRESSION and not _has_operator(expression)

    def _next(self, chain: Chain, place: int, source: str) -> tuple[str, int]:
        """An expression of what comes next in the chain, and the place behind it."""
        call = chain[place]
        if isinstance(call, InputTensor):
            self._inputs.append(f"x{len(self._inputs) + 1}")
            return self._inputs[-1], place + 1
        period, times = _repetition(chain, place)
        if times > 1:
            block = chain[place : place + period]
            return f"{self._repeated(block, times)}({source})", place + period * times
        end = place
        while end < len(chain) and _is_plain(chain[end]):
            end += 1
        if end > place + 1:
            return f"{self._sequential(chain[place:end])}({source})", end
        operands = [self._operand(branch, source) for branch in call.branches] or [source]
        row = next(self._rows)
        return self._call(call, operands, row), place + 1

    def _operand(self, branch: Chain, source: str) -> str:
        expression = self._chain(branch, source, "")
        return expression if len(expression) <= LONGEST_OPERAND else self._variable(expression)

    def _variable(self, expression: str) -> str:
        """A new variable that the expression is assigned to."""
        variable = self._new_name("y")
        self._statements.append(f"{variable} = {expression}")
        return variable

    def _sequential(self, calls: Chain) -> str:
        attribute = self._new_name("layers")
        self._attributes += [f"self.{attribute} = nn.Sequential(", *_entries(calls, self._rows), ")"]
        return f"self.{attribute}"

    def _repeated(self, block: Chain, times: int) -> str:
        """A Sequential of a class of its own, which all repetitions of the block are instances of."""
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
            self._variable(operand) if order.count(place) > 1 and not operand.isidentifier() else operand
            for place, operand in enumerate(operands)
        ]
        given = [operands[place] for place in order]
        given += [f"{name}={value}" for name, value in call.layer.forward_arguments.items()]
        return f"self.{attribute}({', '.join(given)})" + "[0]" * call.layer.returns_tuple


def _attribute_name(kind: str) -> str:
    """conv for Conv2d, batch_norm for BatchNorm1d, relu for ReLU."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", re.sub(r"\dd$", "", kind))
    return words.lower().replace("_lu", "lu")


def _function(layer: Layer, operands: list[str]) -> str:
    """A call of a function, as it is usually written."""
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
    shown = list(map(repr, arguments)) or _arguments(layer)
    return f"{_primary(operands[0])}.{name}({', '.join(shown)})"


def _primary(expression: str) -> str:
    """The expression in brackets, unless it can have a method's name behind it as it is."""
    return f"({expression})" if _has_operator(expression) else expression


def _has_operator(expression: str) -> bool:
    """Whether it has an operator outside of brackets."""
    depth = 0
    for character in expression:
        depth += (character in "([") - (character in ")]")
        if depth == 0 and character == " ":
            return True
    return False


def _repetition(chain: Chain, place: int) -> tuple[int, int]:
    """The calls of a block with branches that starts at `place`, and how often it follows on itself."""
    for period in range(1, min(LONGEST_PERIOD, (len(chain) - place) // 2) + 1):
        block = chain[place : place + period]
        times = 1
        while chain[place + period * times : place + period * (times + 1)] == block:
            times += 1
        if times > 1 and _is_block(block):
            return period, times
    return 1, 1


def _is_block(chain: Chain) -> bool:
    """Whether it has a branch, and no inputs of its own."""
    calls = [call for call in chain if isinstance(call, LayerCall)]
    branches = [branch for call in calls for branch in call.branches]
    return len(calls) == len(chain) and bool(branches) and all(map(_has_no_input, branches))


def _has_no_input(chain: Chain) -> bool:
    return all(isinstance(call, LayerCall) and all(map(_has_no_input, call.branches)) for call in chain)
