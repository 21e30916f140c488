"""Files of weights: `safetensors.py` and `gguf.py` read their headers, and check them by `checks.py`."""
