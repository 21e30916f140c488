"""Archives of torch.export: read as data, run as torch modules."""
