"""The model.json of a torch.export archive as records, with torch's own names.

Source: torch/_export/serde/schema.py. In a union, one field is set. Fields that are not listed are not read.
"""

from __future__ import annotations

from msgspec import Struct

Float = float | str
"""A number, or one of the strings "Infinity", "-Infinity" and "NaN"."""


class TensorName(Struct):
    """A tensor of the graph."""

    name: str


class SymName(Struct):
    """A number: the name of a value, or a constant."""

    as_name: str | None = None
    as_int: int | None = None
    as_float: Float | None = None
    as_bool: bool | None = None


class SymHint(Struct):
    """The value in the exported example."""

    as_int: int | None = None


class SymExpression(Struct):
    """A formula in open sizes, as SymPy prints it."""

    expr_str: str
    hint: SymHint | None = None


class SymValue(Struct):
    """A size: a formula or a number."""

    as_expr: SymExpression | None = None
    as_int: int | None = None


class ExportedDevice(Struct):
    """The device of a tensor."""

    type: str


class TensorMeta(Struct):
    """The dtype, sizes and layout of a tensor; dtype and layout as torch's numbers."""

    dtype: int
    sizes: list[SymValue]
    requires_grad: bool = False
    layout: int = 7


class OptionalTensor(Struct):
    """A tensor, or None."""

    as_tensor: TensorName | None = None


class ComplexNumber(Struct):
    """A complex number."""

    real: Float
    imag: Float


class GraphName(Struct):
    """A nested graph, such as a branch of torch.cond."""

    name: str
    graph: ExportedGraph


class ExportedArgument(Struct):
    """An argument or a result of an operator."""

    as_none: bool | None = None
    as_tensor: TensorName | None = None
    as_tensors: list[TensorName] | None = None
    as_int: int | None = None
    as_ints: list[int] | None = None
    as_float: Float | None = None
    as_floats: list[Float] | None = None
    as_string: str | None = None
    as_strings: list[str] | None = None
    as_sym_int: SymName | None = None
    as_sym_ints: list[SymName] | None = None
    as_scalar_type: int | None = None
    as_memory_format: int | None = None
    as_layout: int | None = None
    as_device: ExportedDevice | None = None
    as_bool: bool | None = None
    as_bools: list[bool] | None = None
    as_sym_bool: SymName | None = None
    as_sym_bools: list[SymName] | None = None
    as_graph: GraphName | None = None
    as_optional_tensors: list[OptionalTensor] | None = None
    as_sym_float: SymName | None = None
    as_sym_floats: list[SymName] | None = None
    as_optional_tensor: OptionalTensor | None = None
    as_complex: ComplexNumber | None = None
    as_nested_tensors: list[list[TensorName]] | None = None
    as_int_lists: list[list[int]] | None = None
    as_float_lists: list[list[Float]] | None = None


class NamedArgument(Struct):
    """An argument; `kind` is 1 for a positional and 2 for a keyword argument."""

    name: str
    arg: ExportedArgument
    kind: int | None = None


class ExportedNode(Struct):
    """A call of an operator."""

    target: str
    inputs: list[NamedArgument]
    outputs: list[ExportedArgument]
    metadata: dict[str, str] = {}


class ExportedGraph(Struct):
    """The nodes in order, and the tensors and numbers by name."""

    inputs: list[ExportedArgument]
    outputs: list[ExportedArgument]
    nodes: list[ExportedNode]
    tensor_values: dict[str, TensorMeta]
    sym_int_values: dict[str, SymValue] = {}
    is_single_tensor_return: bool = False


class UserInput(Struct):
    """An input or output of forward."""

    arg: ExportedArgument


class ParameterInput(Struct):
    """A parameter."""

    arg: TensorName
    parameter_name: str


class BufferInput(Struct):
    """A buffer."""

    arg: TensorName
    buffer_name: str


class ConstantInput(Struct):
    """A tensor that is neither a parameter nor a buffer."""

    arg: TensorName
    tensor_constant_name: str


class ConstantValue(Struct):
    """An argument of forward that is not a tensor."""

    name: str
    value: ExportedArgument


class InputSpec(Struct):
    """The role of an input of the graph."""

    user_input: UserInput | None = None
    parameter: ParameterInput | None = None
    buffer: BufferInput | None = None
    tensor_constant: ConstantInput | None = None
    constant_input: ConstantValue | None = None


class OutputSpec(Struct):
    """The role of an output of the graph. Outputs that update buffers are not read."""

    user_output: UserInput | None = None
    loss_output: LossOutput | None = None


class LossOutput(Struct):
    """A loss that forward returns."""

    arg: TensorName


class Signature(Struct):
    """The roles of the graph's inputs and outputs."""

    input_specs: list[InputSpec]
    output_specs: list[OutputSpec]


class GraphModule(Struct):
    """The graph and its signature."""

    graph: ExportedGraph
    signature: Signature


class SymbolRange(Struct):
    """The range of an open size, both ends included."""

    min_val: int | None = None
    max_val: int | None = None


class SchemaVersion(Struct):
    """The version of the schema."""

    major: int
    minor: int


class Program(Struct):
    """The contents of model.json."""

    graph_module: GraphModule
    range_constraints: dict[str, SymbolRange]
    schema_version: SchemaVersion
