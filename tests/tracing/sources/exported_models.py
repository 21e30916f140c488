"""Small architectures as they are published, to be exported, each with the inputs of its forward."""

import torch
from torch import nn
from torch.nn import functional

IMAGE = (torch.zeros(2, 3, 32, 32),)


def convolution(inside, outside, size, stride=1, groups=1, activation=nn.ReLU):
    padding = size // 2
    conv = nn.Conv2d(inside, outside, size, stride, padding, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outside), activation())


class Bottleneck(nn.Module):
    def __init__(self, inside, width, stride=1, groups=1):
        super().__init__()
        self.conv1 = convolution(inside, width, 1)
        self.conv2 = convolution(width, width, 3, stride, groups)
        self.conv3 = convolution(width, 4 * width, 1, activation=nn.Identity)
        self.downsample = convolution(inside, 4 * width, 1, stride, activation=nn.Identity)

    def forward(self, x):
        return functional.relu(self.conv3(self.conv2(self.conv1(x))) + self.downsample(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = convolution(3, 16, 7, 2)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Bottleneck(16, 8), Bottleneck(32, 8, 2, groups=4))
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        x = functional.adaptive_avg_pool2d(self.layer1(self.maxpool(self.stem(x))), 1)
        return self.fc(torch.flatten(x, 1))


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            convolution(3, 24, 1, activation=nn.Hardswish),
            convolution(24, 24, 3, 2, groups=24, activation=nn.ReLU6),
            convolution(24, 16, 1, activation=nn.Identity),
        )
        self.head = nn.Linear(16, 7)

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


class SqueezeExcite(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.down, self.up = (
            nn.Conv2d(3, 32, 3, padding=1),
            nn.Conv2d(32, 8, 1),
            nn.Conv2d(8, 32, 1),
        )

    def forward(self, x):
        x = self.conv(x)
        gate = self.up(functional.silu(self.down(functional.adaptive_avg_pool2d(x, 1))))
        return x * torch.sigmoid(gate)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.up, self.merge = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(16, 8, 3, padding=1)
        self.out, self.larger = nn.Conv2d(8, 2, 1), nn.ConvTranspose2d(2, 2, 3, 2, 1, 1, groups=2)

    def forward(self, x):
        skipped = functional.relu(self.down1(x))
        x = functional.leaky_relu(self.down2(functional.max_pool2d(skipped, 2)), 0.1)
        x = functional.elu(self.merge(torch.cat((skipped, self.up(x)), 1)))
        return self.larger(functional.interpolate(self.out(x), scale_factor=2.0, mode="bilinear"))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        batch, positions, width = x.shape
        parts = self.qkv(x).view(batch, positions, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        found = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.proj(found.transpose(1, 2).reshape(batch, positions, width))


class PreNormBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attn, self.norm2 = nn.LayerNorm(width), Attention(width, heads), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.positions = nn.Embedding(50, 16), nn.Parameter(torch.zeros(1, 8, 16))
        self.blocks = nn.ModuleList([PreNormBlock(16, 4), PreNormBlock(16, 4)])
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 50, bias=False)

    def forward(self, ids):
        x = self.embed(ids) + self.positions[:, : ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class VisionTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.token, self.positions = nn.Parameter(torch.zeros(1, 1, 16)), nn.Parameter(torch.zeros(1, 17, 16))
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=True)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1) + self.positions
        return self.head(self.layer(x)[:, 0])


class Recurrent(nn.Module):
    def __init__(self, kind, bidirectional=False):
        super().__init__()
        self.rnn = getattr(nn, kind)(6, 8, num_layers=2, batch_first=True, bidirectional=bidirectional)
        self.out = nn.Linear(16 if bidirectional else 8, 3)

    def forward(self, x):
        return self.out(self.rnn(x)[0][:, -1])


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.five = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 2, 5, padding=2)
        row, column = nn.Conv2d(4, 6, (1, 3), padding=(0, 1)), nn.Conv2d(6, 6, (3, 1), padding=(1, 0))
        self.factored = nn.Sequential(nn.Conv2d(3, 4, 1), row, column)

    def forward(self, x):
        pooled = functional.max_pool2d(x, 3, 1, 1)
        return torch.cat(
            (self.one(x), self.factored(x), self.five(functional.avg_pool2d(x, 3, 1, 1)), pooled), 1
        )


class ConvNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.depthwise = nn.Conv2d(3, 8, 4, 4), nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm, self.wide, self.narrow = nn.LayerNorm(8), nn.Linear(8, 32), nn.Linear(32, 8)
        self.gamma = nn.Parameter(torch.zeros(8))

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.narrow(functional.gelu(self.wide(y))) * self.gamma
        return x + y.permute(0, 3, 1, 2)


class GroupNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, 2), nn.GroupNorm(4, 8)
        self.instance = nn.InstanceNorm2d(8, affine=True)

    def forward(self, x):
        return functional.silu(self.instance(self.norm(self.conv(x))))


class Signal(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.dilated = nn.Conv1d(4, 8, 5, 2, 2), nn.Conv1d(8, 8, 3, padding="same", dilation=2)
        self.up = nn.ConvTranspose1d(8, 4, 4, 2, 1)

    def forward(self, x):
        return self.up(torch.tanh(self.dilated(self.conv(x))))


class Volume(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv3d(1, 4, 3, padding=1), nn.BatchNorm3d(4)
        self.up = nn.ConvTranspose3d(4, 2, 2, 2)

    def forward(self, x):
        return self.up(functional.max_pool3d(functional.relu(self.norm(self.conv(x))), 2))


SEQUENCE = (torch.zeros(2, 5, 6),)

MODELS = {
    "resnet": (ResNet, IMAGE),
    "mobilenet": (MobileNet, IMAGE),
    "squeeze and excite": (SqueezeExcite, IMAGE),
    "u-net": (UNet, IMAGE),
    "transformer": (Transformer, (torch.zeros(2, 8, dtype=torch.int64),)),
    "vision transformer": (VisionTransformer, IMAGE),
    "lstm": (lambda: Recurrent("LSTM"), SEQUENCE),
    "bidirectional lstm": (lambda: Recurrent("LSTM", bidirectional=True), SEQUENCE),
    "gru": (lambda: Recurrent("GRU", bidirectional=True), SEQUENCE),
    "rnn": (lambda: Recurrent("RNN"), SEQUENCE),
    "inception": (Inception, IMAGE),
    "convnext": (ConvNeXt, IMAGE),
    "group norm": (GroupNorm, IMAGE),
    "signal": (Signal, (torch.zeros(2, 4, 20),)),
    "volume": (Volume, (torch.zeros(2, 1, 4, 8, 8),)),
}


def built(name):
    """The model, whose parameters differ, as exporters merge those that are the same; and its inputs."""
    make, inputs = MODELS[name]
    module = make().eval()
    with torch.no_grad():
        for number, parameter in enumerate(module.parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number)))
    return module, inputs
