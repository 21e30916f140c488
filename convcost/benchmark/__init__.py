"""Measured times of designs and modules, and measured peaks of this machine."""
