"""Files of weights, written byte by byte."""

import json
import struct

from convcost.tracing.sources.weights.ggml_types import BLOCKS

NUMBERS = {name: number for number, (name, _, _) in BLOCKS.items()}


def safetensors(tensors, data=None, metadata=None):
    """A file with these tensors, (dtype, shape, bytes) by name; `data` are its bytes behind the header."""
    entries = {"__metadata__": metadata} if metadata else {}
    end = 0
    for name, (dtype, shape, size) in tensors.items():
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    return raw_safetensors(json.dumps(entries).encode(), bytes(end) if data is None else data)


def raw_safetensors(header, data=b""):
    return struct.pack("<Q", len(header)) + header + data


SMALL = {
    "layers.10.up.weight": ("BF16", [8, 4], 64),
    "layers.2.up.weight": ("BF16", [8, 4], 64),
    "layers.2.norm.weight": ("F32", [4], 16),
    "step": ("I64", [], 8),
}


def text(value, order="<"):
    return struct.pack(f"{order}Q", len(value)) + value


def pair(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def tensor_info(name, sizes, kind, offset, order="<"):
    sizes = struct.pack(f"{order}{len(sizes)}Q", *sizes)
    return (
        text(name, order)
        + struct.pack(f"{order}I", len(sizes) // 8)
        + sizes
        + struct.pack(f"{order}IQ", kind, offset)
    )


def gguf(tensors, pairs=(), data=None, version=3, order="<", alignment=32):
    """A file with these tensors, (type, sizes innermost first) by name, one after the other."""
    infos, offset, end = b"", 0, 0
    for name, (kind, sizes) in tensors.items():
        infos += tensor_info(name.encode(), sizes, NUMBERS[kind], offset, order)
        _, block, size = BLOCKS[NUMBERS[kind]]
        elements = 1
        for length in sizes:
            elements *= length
        end = offset + elements // block * size
        offset = -(-end // alignment) * alignment
    head = b"GGUF" + struct.pack(f"{order}IQQ", version, len(tensors), len(pairs)) + b"".join(pairs) + infos
    return head + bytes(-len(head) % alignment) + (bytes(end) if data is None else data)


QUANTIZED = {
    "blk.0.attn_q.weight": ("Q4_K", [256, 8]),
    "blk.1.attn_q.weight": ("Q4_K", [256, 8]),
    "output_norm.weight": ("F32", [7]),
    "output.weight": ("Q6_K", [256, 3]),
}

PAIRS = (
    pair(b"general.architecture", 8, text(b"llama")),
    pair(b"general.alignment", 4, struct.pack("<I", 32)),
    pair(b"llama.rope.freq_base", 6, struct.pack("<f", 1e4)),
    pair(b"tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text(b"a") + text(b"bc")),
    pair(b"tokenizer.ggml.scores", 9, struct.pack("<IQ", 6, 2) + bytes(8)),
    pair(b"nested", 9, struct.pack("<IQ", 9, 1) + struct.pack("<IQ", 5, 2) + bytes(8)),
)
