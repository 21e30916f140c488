"""How a result comes about, step by step, as data: words and formulas, not yet laid out."""
