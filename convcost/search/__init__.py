"""`match` and `sweep`: the layers' formulas, evaluated at many sizes.

`match`: `match.py` checks the request, `design.py` completes the sizes that have no value. `tabulate.py`
evaluates the formulas on blocks of sizes (`symbolic/columns.py` has the numbers, exact beyond 64 bits),
and `evaluator.py` turns constraints into masks. Where code branches on a size, the block is split; where
a layer needs a plain int, each size is evaluated by itself (`varied_int.py`). `nearest.py` keeps the
sizes next to the target, `pairs.py` the pairs of sizes that no other pair dominates.

`sweep`: `grid.py` parses `--over`, `where.py` the condition, and `sweep_request.py` checks the request.
`quantities.py` has the columns to compute. An engine of `engines/` evaluates the points of the grid,
`selection.py` keeps the first rows or the Pareto front, and `output/` writes all rows. A module is swept
by its formulas (`formulas.py`), or built for each combination of constructor arguments (`variants/`).
"""
