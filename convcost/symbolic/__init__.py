"""Open sizes: formulas, assumptions, ratios and break-even points. Everything that needs sympy."""
