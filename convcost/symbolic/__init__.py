"""Everything that needs sympy: sizes left open, formulas, ratios, break-even points."""
