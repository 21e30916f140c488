"""Data shared by all parts of convcost: sizes, costs, reports, errors. Frozen data and pure functions."""
