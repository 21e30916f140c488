"""A result as one self-contained page: it loads nothing from anywhere, and runs no script."""
