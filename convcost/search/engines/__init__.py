"""The engines that evaluate the points of a sweep; `choice.py` picks one.

NumPy's engine evaluates block by block (`search/grid_blocks.py`), as `match` does. DuckDB and Spark
evaluate the sweep as one program (`sweep_program.py`), translated to SQL by `search/graph/`.
"""
