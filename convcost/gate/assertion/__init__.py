"""What a test asserts of a cost: a design or a module, limits, and what it is to cost as much as."""
