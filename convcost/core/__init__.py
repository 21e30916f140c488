"""What every part of convcost speaks of: sizes, costs, reports, errors. Pure functions and frozen data."""
