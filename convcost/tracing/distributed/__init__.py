"""Modules on many devices: the cost of the whole module, of one rank, and of its communication.

`run.py` counts a module with DTensor or FSDP2 parameters twice, on copies of `shard_copies.py`: as a
whole, and as one rank. `fsdp.py` has the communication of FSDP2. For `--mesh`, `fake_mesh.py` makes the
ranks by torch's fake process group, and `plan.py` parallelises the module.
"""
