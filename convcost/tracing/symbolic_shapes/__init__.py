"""Models run on inputs whose sizes are left open."""
