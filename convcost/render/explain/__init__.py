"""An explanation in the formats for people: a module each."""
