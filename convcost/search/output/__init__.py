"""The rows of a sweep as tables and files."""
