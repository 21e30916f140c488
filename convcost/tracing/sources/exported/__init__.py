"""torch.export archives, read as data and run as torch modules."""
