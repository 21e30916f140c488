"""The device catalogue: peak arithmetic by dtype, memory bandwidth and memory size, with sources."""
