"""A copy of the model runs instead of the user's; objects and settings are restored after it."""
