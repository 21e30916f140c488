"""Deliberate errors in LSTM, GRU and RNN."""

from benchmarks.mutations.mutation import MODULES, Family

RECURRENT = Family("recurrent", (), MODULES, "operators/recurrent.py")
RECURRENT.error("three of LSTM's four gates", 'GATES = {"lstm": 4', 'GATES = {"lstm": 3')
RECURRENT.error(
    "hidden weights alone",
    "macs = positions * sum(map(size, matrices))",
    "macs = positions * sum(map(size, matrices[1::2]))",
)
RECURRENT.error(
    "one position", "macs = positions * sum(map(size, matrices))", "macs = sum(map(size, matrices))"
)
RECURRENT.error(
    "biases counted as MACs",
    "macs = positions * sum(map(size, matrices))",
    "macs = positions * sum(map(size, parameters))",
)
RECURRENT.error(
    "biases added once",
    "Cost(macs, macs, positions * sum(map(size, biases))",
    "Cost(macs, macs, sum(map(size, biases))",
)
RECURRENT.error("an operation of LSTM", '"lstm": 22', '"lstm": 21')
RECURRENT.error("an operation of GRU", '"gru": 17', '"gru": 16')
RECURRENT.error(
    "one direction",
    "width = states[0].shape[-1] * (2 if is_bidirectional else 1)",
    "width = states[0].shape[-1]",
)
RECURRENT.error("two of GRU's three gates", '"gru": 3,', '"gru": 2,')
RECURRENT.error(
    "one of GRU's two biases", "positions * sum(map(size, biases))", "positions * sum(map(size, biases[::2]))"
)
RECURRENT.error("a cell's hidden bias forgotten", 'for name in ("b_ih", "b_hh")', 'for name in ("b_ih",)')
RECURRENT.error("an operation of RNN", '"rnn_tanh": 2', '"rnn_tanh": 1')
RECURRENT.error("an operation of RNN with ReLU", '"rnn_relu": 2}', '"rnn_relu": 1}')
RECURRENT.error(
    "a projection taken for the next layer",
    'return projection[0] == hidden[1] and projection[1] * GATES["lstm"] == hidden[0]',
    "return False",
)
RECURRENT.error("oneDNN without biases", 'if options["has_biases"] else []', "if False else []")
RECURRENT.error("the input's gradient of one direction", "[: 2 if bidirectional else 1]", "[:1]")
RECURRENT.error(
    "the gradient by the weights forgotten", 'if needed - {"input", "hx"} else {})', "if False else {})"
)
RECURRENT.error(
    "a cell's sums forgotten",
    "{name: Cost(macs, macs) for name, macs in found.items()} | sums",
    "{name: Cost(macs, macs) for name, macs in found.items()}",
)
RECURRENT.error(
    "a cell's hidden gradient by the input's matrix", '"hx": "w_hh", "w_ih"', '"hx": "w_ih", "w_ih"'
)
