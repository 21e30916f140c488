"""Results as plain data: for each kind its records, which are its JSON, its schema, and its rows of CSV."""
