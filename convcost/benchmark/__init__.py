"""Measured time: of designs and modules as they run here, and what this machine can do at most."""
