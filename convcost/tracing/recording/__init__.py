"""Records each call of torch that a module makes, with its cost.

`modes.py` has the torch modes, which pass each call to `recorder.py`. `known_operators.py` finds its
formula in `operators/`, `operator_runners.py` runs the operator on shapes or on data, and `tape.py` adds
up the costs of each submodule (`module_tracker.py`; in the backward by `node_paths.py`).
`repeated_calls.py` reuses the result of an earlier call on equal shapes. `data_access.py` records where
values leave torch. `gradients.py` runs backward, `collectives.py` records communication without sending,
and `higher_order.py` handles `torch.cond` and similar operators.
"""
