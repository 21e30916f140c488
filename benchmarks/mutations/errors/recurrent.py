"""Deliberate errors in LSTM, GRU and RNN, as layers and as operators."""

from benchmarks.mutations.mutation import MODULES, Family

SEQUENCES = Family(
    "recurrent layers",
    ("recurrent",),
    (
        *("tests/layers/test_recurrent.py", "tests/layers/test_loops.py"),
        *("tests/tracing/test_written_out.py", "tests/tracing/test_gradients_of_layers.py"),
    ),
    "layers/recurrent.py",
)
SEQUENCES.error("three of LSTM's four gates", "    gates = 4\n", "    gates = 3\n")
SEQUENCES.error("two of GRU's three gates", "    gates = 3\n", "    gates = 2\n")
SEQUENCES.error("an operation of LSTM", "    operations = 22\n", "    operations = 21\n")
SEQUENCES.error("an operation of GRU", "    operations = 17\n    unit", "    operations = 16\n    unit")
SEQUENCES.error("an operation of RNN", "    operations = 2\n", "    operations = 1\n")
SEQUENCES.error(
    "an operation of LSTM's gradient", "unit_gradient_operations = 17", "unit_gradient_operations = 16"
)
SEQUENCES.error(
    "one position",
    "macs = positions * sum(arithmetic.elements(shape)",
    "macs = sum(arithmetic.elements(shape)",
)
SEQUENCES.error(
    "biases counted as MACs",
    "for shape in shapes if len(shape) == 2",
    "for shape in shapes if len(shape) > 0",
)
SEQUENCES.error(
    "biases added once",
    "bias_adds = positions * sum(arithmetic.elements(shape)",
    "bias_adds = sum(arithmetic.elements(shape)",
)
SEQUENCES.error(
    "elementwise work of one position",
    "bias_adds, positions * units * operations",
    "bias_adds, units * operations",
)
SEQUENCES.error(
    "the input read by every layer",
    "return self.directions * self.state_size if number else self.input_size",
    "return self.input_size",
)
SEQUENCES.error(
    "one direction read by the next layer",
    "return self.directions * self.state_size if number else self.input_size",
    "return self.state_size if number else self.input_size",
)
SEQUENCES.error(
    "an output of one direction",
    "return (*shape[:-1], self.directions * self.state_size)",
    "return (*shape[:-1], self.state_size)",
)
SEQUENCES.error(
    "units of one direction",
    "return self.directions * self.num_layers * self.hidden_size",
    "return self.num_layers * self.hidden_size",
)
SEQUENCES.error(
    "no projection",
    "return self.proj_size if self.proj_size != 0 else self.hidden_size",
    "return self.hidden_size",
)
SEQUENCES.error("a projection without weights", "        if self.proj_size != 0:\n", "        if False:\n")
SEQUENCES.error(
    "a projection as wide as the state",
    "self.proj_size, self.hidden_size - 1,",
    "self.proj_size, self.hidden_size,",
)
SEQUENCES.error(
    "biases though there are none",
    "return weights | biases if self.bias else weights",
    "return weights | biases",
)
SEQUENCES.error(
    "a projection without loops",
    "self.gates * features + self.num_layers * self.proj_size",
    "self.gates * features",
)
SEQUENCES.error(
    "a gradient by the first layer's input that nobody needs",
    "skipped = 0 if needs_input else",
    "skipped = 0 if True else",
)
SEQUENCES.error(
    "a cell's gradient by the state of zeros",
    "return self.gates * self.hidden_size * self.input_size if needs_input else 0",
    "return self.gates * self.hidden_size * (self.input_size + self.hidden_size)",
)
SEQUENCES.error("any number of dimensions", "(2, 3), wanted)", "(1, 2, 3, 4), wanted)")
SEQUENCES.error("a batch first", '("S", "B", "input_size")', '("B", "S", "input_size")')

RECURRENT = Family("recurrent", (), MODULES, "operators/recurrent.py")
RECURRENT.error(
    "hidden weights alone",
    "[parameter.shape for parameter in parameters]",
    "[parameter.shape for parameter in parameters][1::2]",
)
RECURRENT.error(
    "units of one layer",
    "recurrent_cost(positions, shapes, hidden_units(kind, matrices),",
    "recurrent_cost(positions, shapes, matrices[0].shape[0],",
)
RECURRENT.error(
    "one direction",
    "width = states[0].shape[-1] * (2 if given.is_bidirectional else 1)",
    "width = states[0].shape[-1]",
)
RECURRENT.error("a cell's hidden bias forgotten", 'for name in ("b_ih", "b_hh")', 'for name in ("b_ih",)')
RECURRENT.error(
    "a projection taken for the next layer",
    'return projection[0] == hidden[1] and projection[1] * GATES["lstm"] == hidden[0]',
    "return False",
)
RECURRENT.error("oneDNN without biases", 'if options["has_biases"] else []', "if False else []")
RECURRENT.error("the input's gradient of one direction", "[: 2 if given.is_bidirectional else 1]", "[:1]")
RECURRENT.error(
    "the gradient by the weights forgotten", 'if needed - {"input", "hx"} else {})', "if False else {})"
)
RECURRENT.error(
    "a cell's sums forgotten",
    "{name: Cost(macs, macs) for name, macs in macs_by_name.items()} | sums",
    "{name: Cost(macs, macs) for name, macs in macs_by_name.items()}",
)
RECURRENT.error(
    "a cell's hidden gradient by the input's matrix", '"hx": "w_hh", "w_ih"', '"hx": "w_ih", "w_ih"'
)
RECURRENT.error("dropout free", "return cost + _dropout_cost(given, output)", "return cost")
RECURRENT.error(
    "dropout of the last layer too",
    "(given.num_layers - 1, *output.shape)",
    "(given.num_layers, *output.shape)",
)
RECURRENT.error(
    "directions of a packed sequence by its dropout",
    "dropout, train, bidirectional, batch_first)\n\n\ndef",
    "dropout, train, bidirectional, train)\n\n\ndef",
)
