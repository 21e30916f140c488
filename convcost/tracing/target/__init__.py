"""Loads, builds and profiles the models that a command line names.

`target.py` parses a path with a name, and `module_text.py` a whole line with inputs and arguments.
`loading.py` imports the file, `construction.py` builds the module and its inputs, and `profile.py` runs it,
first without memory. `source_models.py` loads models from the sources, and `mesh_profile.py` adds one rank
of a mesh.
"""
