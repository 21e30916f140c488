"""Models that call torch again and again, each with what may make a repetition differ."""

import copy
import warnings

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

D = 8


class Repeated(nn.Module):
    """A function called once for each of its equal layers, with the layer's number."""

    def __init__(self, step, count=4, layer=None, **held):
        super().__init__()
        self.step = step
        self.layers = nn.ModuleList(layer() if layer else nn.Linear(D, D) for _ in range(count))
        for name, value in held.items():
            setattr(self, name, value)

    def forward(self, x):
        for number, layer in enumerate(self.layers):
            x = self.step(self, layer, x, number)
        return x


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(D), nn.Linear(D, 4 * D), nn.Linear(4 * D, D)

    def forward(self, x):
        return x + self.down(F.gelu(self.up(self.norm(x))))


class Attention(nn.Module):
    """With a cache that is handed in, and a number by which it behaves."""

    def __init__(self, number=0, window=None):
        super().__init__()
        self.qkv, self.out, self.number, self.window = nn.Linear(D, 3 * D), nn.Linear(D, D), number, window

    def forward(self, x, cache):
        q, k, v = (part.unflatten(-1, (2, D // 2)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        if self.number in cache:
            k, v = torch.cat([cache[self.number][0], k], 2), torch.cat([cache[self.number][1], v], 2)
        cache[self.number] = k, v
        if self.window and self.number % 2:
            k, v = k[:, :, -self.window :], v[:, :, -self.window :]
        found = F.scaled_dot_product_attention(q, k, v)
        return self.out(found.transpose(1, 2).flatten(2))


class Decoder(nn.Module):
    def __init__(self, window=None, steps=1):
        super().__init__()
        self.layers = nn.ModuleList(Attention(number, window) for number in range(4))
        self.steps = steps

    def forward(self, x):
        cache = {}
        for _ in range(self.steps):
            for layer in self.layers:
                x = x + layer(x, cache)
        return x, sum(k.shape[2] for k, _ in cache.values())


class Rotary(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("frequencies", torch.arange(D // 2).float())
        self.layers = nn.ModuleList(nn.Linear(D, D) for _ in range(3))

    def forward(self, x):
        positions = torch.arange(x.shape[1], device=x.device)
        angles = positions[:, None].float() * self.frequencies
        cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)
        for layer in self.layers:
            y = layer(x)
            first, second = y[..., : D // 2], y[..., D // 2 :]
            x = y * cos + torch.cat((-second, first), -1) * sin
        return x


class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate, self.experts = nn.Linear(D, 4), nn.ModuleList(Block() for _ in range(4))

    def forward(self, x):
        weights, chosen = self.gate(x).softmax(-1).topk(2, -1)
        return sum(weights[..., :1] * expert(x) for expert in self.experts) + chosen.float().mean()


class Counter(nn.Module):
    """Does something else at each call."""

    def __init__(self):
        super().__init__()
        self.layer, self.calls = nn.Linear(D, D), 0

    def forward(self, x):
        self.calls += 1
        return self.layer(x) if self.calls % 2 else self.layer(self.layer(x))


class Grown(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(D, D)
        self.register_buffer("memory", torch.zeros(1, D))

    def forward(self, x):
        for _ in range(3):
            self.memory = torch.cat([self.memory, self.layer(x).mean(1)])
            x = x + self.memory.mean(0)
        return x


class Doubled(nn.Module):
    """Its gradients are taken within its forward."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(D, D) for _ in range(3))
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(3))

    def forward(self, x):
        x = x.detach().requires_grad_()
        y = x
        for layer, norm in zip(self.layers, self.norms, strict=True):
            y = norm(layer(y)).tanh() * 2
        (gradient,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return y + gradient


class NormsOnly(nn.Module):
    """What has a gradient here has no contraction."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(D))

    def forward(self, x):
        x = x.detach().requires_grad_()
        y = x
        for _ in range(4):
            y = (y * self.scale).tanh() + x
        (gradient,) = torch.autograd.grad(y.sum(), x)
        return y + gradient


class Modes(torch.overrides.TorchFunctionMode):
    """A mode of the model's own, that changes what is called."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is torch.tanh:
            return torch.sigmoid(*args, **(kwargs or {})) * 2
        return function(*args, **(kwargs or {}))


def with_mode(model, layer, x, number):
    if number % 2:
        with Modes():
            return torch.tanh(layer(x))
    return torch.tanh(layer(x))


class Logged(torch.Tensor):
    """A tensor of a user's class."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return super().__torch_function__(function, types, args, kwargs or {})


def hooked():
    model = Repeated(lambda model, layer, x, number: layer(x))
    model.layers[1].register_forward_hook(lambda module, args, output: output @ module.weight)
    model.layers[2].register_forward_pre_hook(lambda module, args: (torch.cat([args[0]] * 2, 1),))
    return model


def tied():
    model = Repeated(lambda model, layer, x, number: layer(x))
    model.layers[2].weight = model.layers[0].weight
    return model


def shared():
    block = Block()
    return nn.Sequential(block, block, block)


def quiet(step):
    def run(*args):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return step(*args)

    return run


def appended(model, layer, x, number):
    model.kept.append(layer(x))
    return x + sum(model.kept)


def autocast(model, layer, x, number):
    with torch.autocast("cpu", torch.bfloat16, enabled=bool(number % 2)):
        return layer(x).float()


def without_gradients(model, layer, x, number):
    with torch.set_grad_enabled(bool(number % 2)):
        return torch.relu(layer(x))


def in_inference(model, layer, x, number):
    with torch.inference_mode(number == 2):
        return layer(x) + 1


def in_other_dtype(model, layer, x, number):
    torch.set_default_dtype(torch.float64 if number % 2 else torch.float32)
    try:
        return layer(x) + torch.ones(D).to(x.dtype) * torch.arange(D).div(2).element_size()
    finally:
        torch.set_default_dtype(torch.float32)


def by_data(model, layer, x, number):
    mask = torch.tensor([number % 2, 1, 1])
    return layer(x)[..., : 4 + 4 * int(mask[0])].repeat(1, 1, 2)[..., :D]


def by_mask(model, layer, x, number):
    kept = torch.arange(D) > number
    return F.pad(layer(x)[..., kept], (0, D - int(kept.sum())))


def by_range(model, layer, x, number):
    positions = torch.arange(number + 1)
    return layer(x) + model.table(positions).sum(0)


def in_place(model, layer, x, number):
    y = layer(x)
    y += 1
    y.mul_(2).relu_()
    y[:, 0] = 0
    return F.relu(y, inplace=True)


def metadata_in_place(model, layer, x, number):
    y = layer(x)
    y.unsqueeze_(0).transpose_(1, 2)
    y.resize_(y.shape) if number % 2 else y.squeeze_(0).unsqueeze_(0)
    return y.transpose(1, 2)[0]


def into_output(model, layer, x, number):
    made = torch.empty_like(x)
    torch.add(layer(x), 1, out=made)
    return torch.sin(made, out=torch.empty_like(x))


def views(model, layer, x, number):
    y = layer(x)
    y.view(-1)[0].fill_(1)
    first, second = y.split(D // 2, -1)
    return torch.cat([first.t() if first.ndim == 2 else first.mT.mT, second.expand_as(first)], -1)


def by_identity(model, layer, x, number):
    y = layer(x)
    same = y.contiguous()
    return same + (y @ layer.weight if same is y else 0) + F.dropout(y, 0.5, training=False)


def by_alias(model, layer, x, number):
    y = layer(x)
    return torch.add(y, y) if number % 2 else torch.add(y, x)


def by_type_of_number(model, layer, x, number):
    y = (layer(x) * 100).to(torch.int64)
    scaled = y * (2 if number % 2 else 2.0)
    return x + scaled.to(x.dtype) + (scaled.is_floating_point() and (x @ layer.weight))


def mapped(model, layer, x, number):
    return torch.vmap(layer)(x) if number % 2 else layer(x)


def forward_mode(model, layer, x, number):
    return torch.func.jvp(layer, (x,), (x,))[1] if number % 2 else layer(x)


def repeated_later(model, layer, x, number):
    return checkpoint(lambda x: torch.relu(layer(x)), x, use_reentrant=False)


def repeated_reentrant(model, layer, x, number):
    return checkpoint(lambda x: torch.relu(layer(x)), x, use_reentrant=True)


def of_class(model, layer, x, number):
    y = layer(x)
    return (y.as_subclass(Logged) * 2).as_subclass(torch.Tensor) if number % 2 else y * 2


def kept_gradients(model, layer, x, number):
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        return torch.tanh(layer(x))


def conjugated(model, layer, x, number):
    y = torch.complex(layer(x), x)
    return (y.conj() if number % 2 else y).abs() + (y.conj() @ y.mT).abs().mean()


def copied(model, layer, x, number):
    y = layer(x)
    y.note = number
    z = copy.copy(y)
    return z + (x @ layer.weight if getattr(z, "note", 0) == 3 else 0)


def packed(model, layer, x, number):
    values, places = layer(x).max(-1, keepdim=True)
    minimum = x.min(-1, keepdim=True)
    return x + values + minimum.values + places.to(x.dtype)


def patched(model, layer, x, number):
    before = torch.nn.functional.relu
    if number == 2:
        torch.nn.functional.relu = lambda x: before(x) @ layer.weight
    try:
        return torch.nn.functional.relu(layer(x))
    finally:
        torch.nn.functional.relu = before


def caught(model, layer, x, number):
    try:
        return torch.cat([layer(x), x.sum().reshape(1)])
    except RuntimeError:
        return layer(x) + number


def reading(model, layer, x, number):
    y = layer(x) * model.layers[0].weight.sum()
    return y if y.requires_grad else y @ layer.weight


def written(model, layer, x, number):
    model.counts[number] = layer(x).shape
    return x + layer(x)


def simple(step, layer=None, **held):
    return lambda: Repeated(step, layer=layer, **held)


def call(model, layer, x, number):
    return layer(x)


SEQUENCE = (2, 5, D)

FAMILIES = {
    "equal layers": simple(call),
    "blocks": simple(call, Block),
    "alternating": simple(lambda model, layer, x, number: layer(x) if number % 2 else layer(layer(x))),
    "by number": simple(lambda model, layer, x, number: layer(x[:, : 5 - number]).repeat(1, 5, 1)[:, :5]),
    "first layer differs": lambda: nn.Sequential(Block(), nn.Linear(D, D), *(Block() for _ in range(3))),
    "cache": Decoder,
    "cache over steps": lambda: Decoder(steps=3),
    "windows that alternate": lambda: Decoder(window=2),
    "windows over steps": lambda: Decoder(window=3, steps=2),
    "rotary": Rotary,
    "experts": Experts,
    "counter": lambda: nn.Sequential(*[Counter()] * 3),
    "growing buffer": Grown,
    "list that is handed on": lambda: Repeated(appended, kept=[]),
    "dict that is written": lambda: Repeated(written, counts={}),
    "dropout in training": lambda: nn.Sequential(
        *(m for _ in range(3) for m in (nn.Linear(D, D), nn.Dropout()))
    ),
    "batch norm in training": lambda: nn.Sequential(*(nn.BatchNorm1d(5) for _ in range(3))),
    "batch norm": lambda: nn.Sequential(*(nn.BatchNorm1d(5) for _ in range(3))).eval(),
    "random": simple(lambda model, layer, x, number: layer(x) + torch.randn(D) + torch.rand_like(x)),
    "generator": simple(
        lambda model, layer, x, number: layer(x) * torch.rand(D, generator=torch.Generator().manual_seed(0))
    ),
    "checkpoint": simple(repeated_later, Block),
    "reentrant checkpoint": simple(quiet(repeated_reentrant), Block),
    "tied": tied,
    "shared": shared,
    "hooks": hooked,
    "gradients within": Doubled,
    "gradients of norms within": NormsOnly,
    "mode of its own": simple(with_mode),
    "autocast": simple(autocast),
    "gradients off in part": simple(without_gradients),
    "inference mode in part": simple(in_inference),
    "default dtype": simple(in_other_dtype),
    "data": simple(by_data),
    "mask": simple(by_mask),
    "range": lambda: Repeated(by_range, table=nn.Embedding(6, D)),
    "in place": simple(in_place),
    "metadata in place": simple(metadata_in_place),
    "out": lambda: Repeated(into_output).requires_grad_(False),
    "views": lambda: Repeated(views).requires_grad_(False),
    "identity": simple(by_identity),
    "alias": simple(by_alias),
    "type of a number": simple(by_type_of_number),
    "vmap": simple(mapped),
    "jvp": simple(forward_mode),
    "tensor class": simple(of_class),
    "saved tensors": simple(kept_gradients),
    "complex": simple(conjugated),
    "attribute of a tensor": simple(copied),
    "named results": simple(packed),
    "patched function": simple(patched),
    "error that is caught": simple(caught),
    "asks for a gradient": simple(reading),
    "frozen": lambda: Repeated(call).requires_grad_(False),
    "partly frozen": lambda: nn.Sequential(
        nn.Linear(D, D).requires_grad_(False), nn.Linear(D, D), nn.Linear(D, D)
    ),
    "half precision": lambda: Repeated(lambda m, layer, x, n: layer(x.bfloat16()).float()).bfloat16(),
    "gradients on within": simple(
        torch.enable_grad()(
            lambda model, layer, x, number: x + torch.autograd.grad(layer(x).tanh().sum(), layer.weight)[0][0]
        )
    ),
    "two dtypes": simple(lambda model, layer, x, number: layer(x).double().float() + layer(x).half().float()),
    "LSTM": lambda: nn.LSTM(D, D, num_layers=2),
    "GRU cells": simple(
        lambda model, layer, x, number: layer(x[:, 0], x[:, 1])[:, None] + x, lambda: nn.GRUCell(D, D)
    ),
    "transformer": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(D, 2, 16, batch_first=True), 3),
    "transformer, evaluated": lambda: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(D, 2, 16, batch_first=True), 3
    ).eval(),
    "decoder layers": simple(
        lambda model, layer, x, number: layer(x, x),
        lambda: nn.TransformerDecoderLayer(D, 2, 16, batch_first=True),
    ),
    "attention weights": simple(
        lambda model, layer, x, number: layer(x, x, x, need_weights=bool(number % 2))[0],
        lambda: nn.MultiheadAttention(D, 2, batch_first=True),
    ),
    "convolutions": lambda: nn.Sequential(*(nn.Conv1d(5, 5, 3, padding="same") for _ in range(3))),
    "strides": simple(lambda model, layer, x, number: layer(x.transpose(0, 1) if number % 2 else x)),
    "einsum": simple(
        lambda model, layer, x, number: (
            torch.einsum("bsd,ed->bse", x, layer.weight) + x.unfold(1, 1, 1)[..., 0]
        )
    ),
    "unbind and stack": simple(
        lambda model, layer, x, number: torch.stack([layer(part) for part in x.unbind(0)])
    ),
    "pooling": simple(
        lambda model, layer, x, number: F.interpolate(F.max_pool1d(layer(x), 2), D) + F.pad(x, (0, 0))
    ),
    "cumulative": simple(
        lambda model, layer, x, number: layer(x).cumsum(1).sort(-1).values.clamp(0, 1).where(x > 0, x)
    ),
    "cond": simple(
        lambda model, layer, x, number: torch.cond(x.sum() > number, layer, lambda x: x + 1, (x,))
    ),
    "script": simple(lambda model, layer, x, number: layer(x), lambda: torch.jit.script(nn.Linear(D, D))),
}
"""Each takes a float32 sequence."""
