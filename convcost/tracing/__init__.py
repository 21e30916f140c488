"""Torch modules run as copies, their operators recorded and summed up in reports."""
