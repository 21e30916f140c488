"""Charts: what they show as data, made of results, and how they are drawn as pictures and in the terminal."""
