"""Models named on a command line: loaded, built, called, profiled."""
