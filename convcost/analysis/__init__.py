"""What a report says beyond its figures: rooflines, memory, breakdowns, derivations."""
