"""Modules on many devices: what a rank computes and sends, and what the module is as a whole."""
