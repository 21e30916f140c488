"""Between networks and torch modules."""
