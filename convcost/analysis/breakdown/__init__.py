"""What a total is made of: by module, by operator, and what the difference of two totals is made of."""
