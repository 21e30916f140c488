"""`torch.nn.Module` → Report: the module runs on shapes, and its operators are recorded.

`target/` builds the modules that a command line names, `sources/` those of libraries and model files;
`module_design.py` is a module with its inputs, and `prompt_inputs.py` makes the inputs of a language
model. `profile.py` runs a copy (`isolation/`) under torch modes that record each operator
(`recording/`); `generation.py` runs the phases of a language model, and `symbolic_shapes/` leaves sizes
open. `distributed/` counts one rank of the mesh that `mesh_request.py` reads. `memory_profile.py` measures
live storage, `experts.py` finds the share of parameters that a token uses, and `summarize.py` makes the
Report.

In the other direction, `network_module.py` builds the torch module of a design in text, for counters.
"""
