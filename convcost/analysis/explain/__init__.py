"""Step-by-step derivations of costs, as data: words and formulas without layout."""
