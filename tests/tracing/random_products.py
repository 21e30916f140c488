"""Pieces that are products of matrices, in torch's many ways to say so."""

import torch
import torch.nn.functional as F
from torch import nn
from tracing.random_models import Piece, calls, kind, kinds, matrix, named


def product(function, macs):
    """A piece that multiplies by a weight [width, 6]; `macs` takes the rows and the width of the input."""

    def make(draw):
        held = {"weight": matrix(draw.width, 6), "bias": matrix(6), "vector": matrix(draw.width)}
        return calls(function, macs(draw.rows, draw.width), held=held)

    return make


def plain(rows, width):
    return rows * width * 6


def gram(rows, width):
    return rows * width * rows


def batched(module, x):
    return torch.bmm(x.view(2, -1, x.shape[1]), module.weight.expand(2, -1, -1))


def added_in_place(module, x):
    return torch.zeros(x.shape[0], 6).addmm_(x, module.weight)


def written_to_out(module, x):
    with torch.no_grad():
        return torch.mm(x, module.weight, out=torch.empty(x.shape[0], 6))


def bmm_to_out(module, x):
    with torch.no_grad():
        return torch.bmm(x[None], module.weight[None], out=torch.empty(1, x.shape[0], 6))


def multiplied_in_best_order(module, x):
    """(x x.T) x, which is less than x (x.T x) as there are fewer rows than columns."""
    return torch.linalg.multi_dot([x, x.mT, x])


kinds(
    {
        "matmul": product(lambda module, x: torch.matmul(x, module.weight), plain),
        "@": product(lambda module, x: x @ module.weight, plain),
        "matmul of matrices of many dimensions": product(
            lambda module, x: x.view(2, 1, -1, x.shape[1]) @ module.weight.expand(3, -1, -1),
            lambda rows, width: 3 * plain(rows, width),
        ),
        "Tensor.mm": product(lambda module, x: x.mm(module.weight), plain),
        "mm to out": product(written_to_out, plain),
        "mv": product(lambda module, x: x.mv(module.vector), lambda rows, width: rows * width),
        "vector on the left": product(
            lambda module, x: module.vector @ x.mT, lambda rows, width: rows * width
        ),
        "dot": product(lambda module, x: x[0].dot(module.vector).view(1), lambda rows, width: width),
        "addmv": product(
            lambda module, x: torch.addmv(x[:, 0], x, module.vector), lambda rows, width: rows * width
        ),
        "addmm": product(lambda module, x: torch.addmm(module.bias, x, module.weight), plain),
        "addmm_": product(added_in_place, plain),
        "F.linear": product(lambda module, x: F.linear(x, module.weight.mT, module.bias), plain),
        "bmm": product(batched, plain),
        "baddbmm": product(lambda module, x: torch.baddbmm(module.bias, x[None], module.weight[None]), plain),
        "addbmm": product(lambda module, x: torch.addbmm(module.bias, x[None], module.weight[None]), plain),
        "einsum": product(lambda module, x: torch.einsum("nw,wk->nk", x, module.weight), plain),
        "einsum of one index": product(lambda module, x: torch.einsum("nw,mw->nm", x, x), gram),
        "tensordot": product(lambda module, x: torch.tensordot(x, module.weight, dims=1), plain),
        "inner": product(lambda module, x: torch.inner(x, module.weight.mT), plain),
        "multi_dot": product(multiplied_in_best_order, lambda rows, width: 2 * rows * rows * width),
        "matrix_power": product(
            lambda module, x: torch.linalg.matrix_power(torch.tanh(x[:, : x.shape[0]]), 3),
            lambda rows, width: 2 * rows**3,
        ),
        "einsum of three": product(
            lambda module, x: torch.einsum("nw,wk,k->n", x, module.weight, module.bias),
            lambda rows, width: rows * width * 6 + rows * 6,
        ),
        "bmm to out": product(bmm_to_out, plain),
        "baddbmm_": product(
            lambda module, x: torch.zeros(1, x.shape[0], 6).baddbmm_(x[None], module.weight[None]), plain
        ),
        "F.bilinear": product(
            lambda module, x: F.bilinear(x, x, module.weight.mT[:, :, None].expand(-1, -1, x.shape[1])),
            lambda rows, width: rows * 6 * width * (width + 1),
        ),
        "F.conv_transpose2d": product(
            lambda module, x: F.conv_transpose2d(
                x.view(-1, 1, 4, x.shape[1] // 4), module.weight[None, :2, :3, None]
            ),
            lambda rows, width: rows * width * 6,
        ),
        "unfold and matmul": product(
            lambda module, x: F.unfold(x.view(-1, 1, 4, x.shape[1] // 4), 2).mT @ module.weight[:4],
            lambda rows, width: rows * 3 * (width // 4 - 1) * 24,
        ),
        "aten::convolution by name": product(
            lambda module, x: torch.ops.aten.convolution(
                x[:, None], module.weight.mT[:, None, :3], None, [1], [1], [1], False, [0], 1
            ),
            lambda rows, width: rows * width * 18,
        ),
        "growing shapes": product(
            lambda module, x: sum(x[:, :size] @ module.weight[:size] for size in (1, 2, 3)),
            lambda rows, width: rows * 36,
        ),
        "no rows": product(lambda module, x: (x, x[:0] @ module.weight)[0], lambda rows, width: 0),
        "no columns": product(lambda module, x: x[:, :0] @ module.weight[:0], lambda rows, width: 0),
        "cov": product(lambda module, x: torch.cov(x), gram),
        "ATen's operators by name": product(
            lambda module, x: (
                torch.ops.aten.mm.default(x, module.weight)
                + torch.ops.aten.addmm(module.bias, x, module.weight)
            ),
            lambda rows, width: 2 * plain(rows, width),
        ),
        "F.conv1d": product(
            lambda module, x: F.conv1d(x[:, None], module.weight.mT[:, None, :3], padding="same"),
            lambda rows, width: rows * width * 18,
        ),
        "float64": product(lambda module, x: x.double() @ module.weight.double(), plain),
        "bfloat16": product(lambda module, x: x.bfloat16() @ module.weight.bfloat16(), plain),
    }
)


def autocast(module, x):
    with torch.autocast("cpu", torch.bfloat16):
        return F.linear(x, module.weight.mT)


kind("autocast")(product(autocast, plain))


@kind("scaled_dot_product_attention")
def attention(draw):
    length, heads = draw.width // 4, draw.choice(1, 2)
    is_causal = draw.choice(True, False)

    def forward(_, x):
        query = x.view(-1, 1, length, 4)
        key = query.expand(-1, heads, -1, -1)
        return F.scaled_dot_product_attention(key, key, key, is_causal=is_causal)

    return calls(forward, 8 * draw.rows * heads * length * length)


@kind("attention with a mask")
def masked_attention(draw):
    length = draw.width // 4

    def forward(module, x):
        query = x.view(-1, 1, length, 4)
        return F.scaled_dot_product_attention(query, query, query, attn_mask=module.mask)

    return calls(forward, 8 * draw.rows * length**2, held={"mask": torch.zeros(length, length)})


def factored(function, name):
    """What solves or factors a small positive definite matrix is no product that could be counted."""

    def make(_):
        def forward(_, x):
            x = torch.tanh(x[:2, :2])
            return function(x * x.mT + 4 * torch.eye(2))

        return named(forward, name, extra_names=("linalg_",))

    return make


kinds(
    {
        "linalg.inv": factored(torch.linalg.inv, "linalg_inv"),
        "linalg.cholesky": factored(torch.linalg.cholesky, "linalg_cholesky"),
        "linalg.solve": factored(lambda x: torch.linalg.solve(x, x), "linalg_"),
        "linalg.svd": factored(lambda x: torch.linalg.svd(x)[1], "linalg_svd"),
        "linalg.eigh": factored(lambda x: torch.linalg.eigh(x)[0], "linalg_eigh"),
        "linalg.det": factored(lambda x: torch.linalg.det(x).view(1), "linalg_det"),
        "linalg.pinv": factored(torch.linalg.pinv, "linalg_"),
        "linalg.lstsq": factored(lambda x: torch.linalg.lstsq(x, x)[0], "linalg_lstsq"),
        "linalg.solve_triangular": factored(
            lambda x: torch.linalg.solve_triangular(x, x, upper=True), "linalg_solve_triangular"
        ),
        "cholesky_solve": factored(lambda x: torch.cholesky_solve(x, x), "cholesky_solve"),
        "linalg.qr": factored(lambda x: torch.linalg.qr(x)[0], "linalg_qr"),
        "matrix_exp": factored(torch.linalg.matrix_exp, "linalg_matrix_exp"),
    }
)


@kind("weight_norm")
def weight_norm(draw):
    layer = torch.nn.utils.parametrizations.weight_norm(nn.Linear(draw.width, 6))
    return Piece(layer, plain(draw.rows, draw.width))


@kind("spectral_norm")
def spectral_norm(draw):
    """Training iterates once: two products of matrix and vector. Both then take u.T W v."""
    layer = torch.nn.utils.parametrizations.spectral_norm(nn.Linear(draw.width, 6))
    macs = plain(draw.rows, draw.width) + draw.width * 6 + 6
    return Piece(layer, macs + 2 * draw.width * 6, eval_macs=macs)


class LowRank(nn.Module):
    """A weight and a product of two matrices."""

    def __init__(self, rows, width, rank):
        super().__init__()
        self.left, self.right = matrix(rows, rank), matrix(rank, width)

    def forward(self, weight):
        return weight + self.left @ self.right


@kind("a parametrization that multiplies")
def low_rank(draw):
    layer = nn.Linear(draw.width, 6)
    torch.nn.utils.parametrize.register_parametrization(layer, "weight", LowRank(6, draw.width, 2))
    return Piece(layer, plain(draw.rows, draw.width) + 12 * draw.width)
