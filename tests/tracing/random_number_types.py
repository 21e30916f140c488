"""Pieces whose numbers are not floating-point matrices: complex, integer, quantized, sparse, grouped."""

import warnings

import torch
import torch.nn.functional as F
from torch import nn
from tracing.random_models import calls, kind, kinds, matrix


def as_complex(x):
    return torch.complex(x, torch.tanh(x))


def complex_piece(function, macs, **known):
    """A product with a complex weight [width, 5]; four real products for a complex one."""

    def make(draw):
        held = {"weight": nn.Parameter(torch.randn(draw.width, 5, dtype=torch.complex64) / 4)}
        return calls(
            lambda module, x: function(as_complex(x), module.weight),
            4 * macs(draw.rows, draw.width),
            held=held,
            **known,
        )

    return make


def plain(rows, width):
    return rows * width * 5


kinds(
    {
        "complex matmul": complex_piece(torch.matmul, plain),
        "complex einsum": complex_piece(lambda x, weight: torch.einsum("nw,wk->nk", x, weight), plain),
        "complex F.linear": complex_piece(lambda x, weight: F.linear(x, weight.mT), plain),
        "complex bmm": complex_piece(lambda x, weight: torch.bmm(x[None], weight[None]), plain),
        "complex addmm": complex_piece(lambda x, weight: torch.addmm(weight[0], x, weight), plain),
        # torch makes a complex convolution of three real ones; by convention it is four.
        "complex conv1d": complex_piece(
            lambda x, weight: F.conv1d(x[:, None], weight.mT[:, None, :3], padding=1),
            lambda rows, width: rows * width * 15,
            is_dispatched=False,
        ),
    }
)


def integer_piece(function, macs):
    def make(draw):
        return calls(lambda _, x: function((4 * torch.tanh(x)).long()), macs(draw.rows, draw.width))

    return make


kinds(
    {
        "integer matmul": integer_piece(lambda x: x @ x.mT, lambda rows, width: rows * rows * width),
        "integer einsum": integer_piece(
            lambda x: torch.einsum("nw,mw->nm", x, x), lambda rows, width: rows * rows * width
        ),
        "integer addmm": integer_piece(
            lambda x: torch.addmm(x[:, :1], x, x.mT), lambda rows, width: rows * rows * width
        ),
        "integer conv1d": integer_piece(
            lambda x: F.conv1d(x[:, None], x[:2, None, :3]), lambda rows, width: rows * (width - 2) * 6
        ),
        "int8 matmul": integer_piece(
            lambda x: torch._int_mm(x.to(torch.int8), x.to(torch.int8).mT.contiguous()),
            lambda rows, width: rows * rows * width,
        ),
    }
)


def quantized(function, layer, macs):
    """Counted, or named by its operator."""

    def make(draw):
        with warnings.catch_warnings(action="ignore"):
            inner = layer(draw.width)
        known = {
            "names": ("quantized::",),
            "may_name": True,
            "extra_names": ("quantize_per_tensor", "dequantize"),
        }
        return calls(
            lambda module, x: function(module.inner, x),
            macs(draw.rows, draw.width),
            held={"inner": inner},
            **known,
        )

    return make


def on_quantized(inner, x):
    return inner(torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)).dequantize()


kinds(
    {
        "dynamic quantized Linear": quantized(
            lambda inner, x: inner(x), lambda width: torch.ao.nn.quantized.dynamic.Linear(width, 5), plain
        ),
        "dynamic quantized model": quantized(
            lambda inner, x: inner(x),
            lambda width: torch.ao.quantization.quantize_dynamic(
                nn.Sequential(nn.Linear(width, 5), nn.ReLU()), {nn.Linear}
            ),
            plain,
        ),
        "static quantized Linear": quantized(
            on_quantized, lambda width: torch.ao.nn.quantized.Linear(width, 5), plain
        ),
        "static quantized Conv1d": quantized(
            lambda inner, x: on_quantized(inner, x.view(-1, 2, x.shape[1] // 2)),
            lambda width: torch.ao.nn.quantized.Conv1d(2, 5, 3, padding=1),
            lambda rows, width: rows * width * 15,
        ),
        "static quantized Conv2d": quantized(
            lambda inner, x: on_quantized(inner, x.view(-1, 2, 4, x.shape[1] // 8)),
            lambda width: torch.ao.nn.quantized.Conv2d(2, 5, 3, padding=1),
            lambda rows, width: rows * width * 45,
        ),
    }
)


def sparse(function, layout):
    """A sparse matrix of some stored entries by the input's columns: each entry once for every row."""

    def make(draw):
        stored = draw.choice(1, 5, draw.width)
        places = torch.stack([torch.randperm(draw.width)[:stored], torch.randint(draw.width, (stored,))])
        held = {
            "kept": torch.sparse_coo_tensor(places, torch.randn(stored), (draw.width, draw.width)).coalesce()
        }
        if layout is torch.sparse_csr:
            with warnings.catch_warnings(action="ignore"):
                held["kept"] = held["kept"].to_sparse_csr()
        known = {
            "names": ("aten::mm", "aten::addmm", "aten::matmul", "aten::_sparse", "aten::sparse"),
            "may_name": True,
        }
        return calls(
            lambda module, x: function(module.kept, x.mT.contiguous()), stored * draw.rows, held=held, **known
        )

    return make


kinds(
    {
        "sparse.mm": sparse(torch.sparse.mm, torch.sparse_coo),
        "sparse @ dense": sparse(torch.matmul, torch.sparse_coo),
        "CSR @ dense": sparse(torch.matmul, torch.sparse_csr),
        "sparse.addmm": sparse(lambda a, x: torch.sparse.addmm(x, a, x), torch.sparse_coo),
    }
)


@kind("made sparse in forward")
def made_sparse(draw):
    held = {"mask": torch.eye(draw.width)}
    known = {
        "names": ("aten::mm", "aten::addmm", "aten::matmul", "aten::_sparse", "aten::sparse"),
        "may_name": True,
    }
    macs = draw.width * draw.rows
    return calls(lambda module, x: module.mask.to_sparse() @ x.mT.contiguous(), macs, held=held, **known)


def grouped(function):
    def make(draw):
        ends = torch.tensor([draw.choice(0, 1, 2), draw.rows], dtype=torch.int32)

        def forward(module, x):
            return function(x.bfloat16(), module.weight.bfloat16(), offs=module.ends)

        held = {"weight": matrix(2, draw.width, 8), "ends": ends}
        return calls(forward, draw.rows * draw.width * 8, held=held, names=("_grouped_mm",), may_name=True)

    return make


if hasattr(F, "grouped_mm"):  # not in older torch
    kind("torch._grouped_mm")(grouped(torch._grouped_mm))
    kind("F.grouped_mm")(grouped(F.grouped_mm))


@kind("float8")
def float8(draw):
    def forward(module, x):
        one = torch.ones(())
        columns = module.weight.to(torch.float8_e4m3fn)
        return torch._scaled_mm(
            x.repeat(8, 1).to(torch.float8_e4m3fn), columns.mT, one, one, out_dtype=torch.bfloat16
        )

    macs = 8 * draw.rows * draw.width * 16
    return calls(forward, macs, held={"weight": matrix(16, draw.width)}, names=("_scaled_mm",), may_name=True)


@kind("mkldnn tensors")
def mkldnn(draw):
    def forward(module, x):
        return F.linear(x.detach().to_mkldnn(), module.weight.detach().to_mkldnn()).to_dense()

    macs = draw.rows * draw.width * 5
    return calls(
        forward,
        macs,
        held={"weight": matrix(5, draw.width)},
        names=("mkldnn", "aten::linear"),
        extra_names=("to_dense",),
        may_name=True,
    )


@kind("nested tensors")
def nested(draw):
    def forward(module, x):
        pieces = torch.nested.as_nested_tensor([x[:1], x[1:]], layout=torch.jagged)
        return F.linear(pieces, module.weight).values()

    macs = draw.rows * draw.width * 5
    return calls(
        forward, macs, held={"weight": matrix(5, draw.width)}, names=("aten::linear",), may_name=True
    )
