"""Models of the transformers library, built from their configuration: hf:./llama/config.json, hf:org/name."""
