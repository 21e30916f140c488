"""The formulas against torch and the counters, over generated layers of every kind."""
