"""Models of the transformers library, built from their configuration: hf:./llama/config.json, hf:org/name.

`config_file.py` finds the configuration, `configuration.py` checks its fields, `model_class.py` finds and
builds the class, and `default_inputs.py` guesses the inputs. `source.py` has `load`.
"""
