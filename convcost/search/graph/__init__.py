"""Integer arithmetic as a graph, for databases: the numbers that make it, and its SQL."""
