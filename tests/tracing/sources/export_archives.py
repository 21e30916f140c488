"""A model as torch.export.save writes it, and archives like it with something changed."""

import io
import json
import zipfile

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(8, 16)
        self.down = nn.Linear(16, 8)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(x)))


class Net(nn.Module):
    """Convolution, blocks, attention, a block that runs twice, a part without gradients, a dict as output."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding="same")
        self.norm = nn.BatchNorm2d(8)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.register_buffer("scale", torch.tensor([2.0]))

    def forward(self, x, mask=None):
        y = self.norm(self.conv(x)).flatten(2).transpose(1, 2)
        for block in self.blocks:
            y = block(y)
        y = self.blocks[0](self.blocks[0](y))
        with torch.no_grad():
            total = y.sum()
        y = self.attention(y, y, y)[0].masked_fill(y > 0, float("-inf"))
        return {"y": y.reshape(y.shape[0], -1), "total": total * self.scale}


def export(path, shape=(2, 3, 6, 6)):
    """Net in an archive, with the batch and the height open."""
    dynamic = ({0: torch.export.Dim("batch", max=64), 2: torch.export.Dim.AUTO},)
    torch.export.save(torch.export.export(Net().eval(), (torch.zeros(shape),), dynamic_shapes=dynamic), path)


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def model_json(path):
    return json.loads(
        next(text for name, text in members(path).items() if name.endswith("models/model.json"))
    )


def write_archive(path, model, **others):
    """An archive with `model` as its graph: a text, or what becomes JSON."""
    text = model if isinstance(model, bytes) else json.dumps(model).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/models/model.json", text)
        for name, data in others.items():
            archive.writestr(name, data)


def zipped(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()
