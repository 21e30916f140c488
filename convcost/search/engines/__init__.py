"""What evaluates the points of a sweep: a module for each engine."""
