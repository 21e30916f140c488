"""Files, signals and processes: the edges to the operating system."""
