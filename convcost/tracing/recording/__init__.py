"""Calls of torch by a model: met by modes, counted by known formulas, collected on a tape."""
