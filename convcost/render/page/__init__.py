"""A result as one page that stands alone: it asks for nothing from anywhere, and runs no script."""
