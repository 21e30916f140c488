"""A copy of a model runs in the user's place; objects, process and devices are as before after it."""
