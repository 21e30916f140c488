"""Results as records: the JSON, the JSON Schema and the CSV rows of each kind of result."""
