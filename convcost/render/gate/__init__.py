"""How a check of costs reads: verdicts, what changed and where, and the forms that CI takes."""
