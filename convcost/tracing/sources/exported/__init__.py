"""torch.export archives, read as data and run as torch modules.

`archive.py` reads the JSON as records of `schema.py`, and `source.py` builds the model. `spans.py` groups the
nodes by submodule, and `module.py` runs them, with `arguments.py` and `operators.py`. `inputs.py` has the
sizes.
"""
