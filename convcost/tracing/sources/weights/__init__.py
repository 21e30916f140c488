"""Files of weights: their headers are read, and no tensor."""
