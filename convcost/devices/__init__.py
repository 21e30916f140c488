"""What hardware can do: peak arithmetic by dtype, memory bandwidth and memory, each with its source."""
