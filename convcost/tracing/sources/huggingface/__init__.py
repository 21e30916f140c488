"""Models of the transformers library, built from a configuration: hf:./llama/config.json, hf:org/name."""
