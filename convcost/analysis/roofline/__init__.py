"""The least time that designs take on a device: its peak and its bandwidth are the two bounds there are."""
