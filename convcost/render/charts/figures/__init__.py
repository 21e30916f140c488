"""Figures of results: what each kind of chart shows, a module for each, and the words that they share."""
