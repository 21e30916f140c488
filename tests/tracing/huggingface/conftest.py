"""A folder with the configuration of a small model."""

import json

import pytest

SMALL = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 50,
    "max_position_embeddings": 64,
    "torch_dtype": "bfloat16",
}


@pytest.fixture
def write_config(folder):
    """Writes the small configuration with other fields to a folder, the current one if it has no name."""

    def write(name="small", /, **fields):
        home = folder / name
        home.mkdir(exist_ok=True)
        (home / "config.json").write_text(json.dumps(SMALL | fields))
        return home

    return write
