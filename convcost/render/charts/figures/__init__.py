"""Makes figures of results: a module for each kind of chart."""
