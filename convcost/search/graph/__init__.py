"""Formulas as SQL: they run once on numbers that record each operation.

`graph_numbers.py` has these numbers, `graph_arithmetic.py` their bounds, `graph_branches.py` the
branches that code takes on a size, and `sql.py` translates the graph.
"""
