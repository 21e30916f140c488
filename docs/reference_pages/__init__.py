"""Reference pages generated from the program: its commands, parsers, layers, operators and schemas."""
