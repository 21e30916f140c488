"""How the opinions of counters read: a table, and what their differences are made of."""
