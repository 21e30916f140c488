"""Runs a copy of the user's module, and restores the user's objects and settings afterwards.

`isolated_call.py` makes the copy (`copier.py`), without tensor data (`tensor_copies.py`), and restores
objects (`object_state.py`), settings of the process (`process_state.py`) and signal handlers.
`virtual_devices.py` replaces a GPU that is missing.
"""
