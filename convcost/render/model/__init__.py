"""How a torch module's report reads: a tree, a table of operators, totals, and remarks."""
