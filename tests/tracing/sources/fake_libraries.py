"""Small packages in the place of timm and torchvision, with the functions of theirs that sources call."""

import textwrap

MODEL = """
    import torch
    from torch import nn

    class ResNet(nn.Module):
        def __init__(self, num_classes=10, in_chans=3):
            super().__init__()
            self.conv = nn.Conv2d(in_chans, 4, 3, padding=1)
            self.fc = nn.Linear(4, num_classes)

        def forward(self, x):
            return self.fc(self.conv(x).mean((2, 3)))
"""

TIMM = f"""{MODEL}
    from fnmatch import filter as matching
    from types import SimpleNamespace

    NAMES = ["resnet18", "resnet50", "vit_tiny"]
    TAGGED = ["resnet50.a1_in1k", "resnet50.tv_in1k"]

    def is_model(name):
        return name.partition(".")[0] in NAMES

    def list_models(pattern="*", pretrained=False):
        return matching(TAGGED if pretrained else NAMES, pattern)

    def get_pretrained_cfg(name):
        return None if name == "vit_tiny" else SimpleNamespace(input_size=(3, 32, 32))

    def create_model(name, img_size=None, **arguments):
        if name == "resnet18":
            print("a model is built")
        return ResNet(**arguments)
"""

TORCHVISION_MODELS = f"""{MODEL}
    from types import SimpleNamespace

    def resnet50(*, weights=None, progress=True, **kwargs):
        assert weights is None
        return ResNet(**kwargs)

    def fcn(*, weights=None, weights_backbone="DEFAULT", num_classes=21):
        assert weights_backbone is None, "weights would be downloaded"
        return ResNet(num_classes)

    def weighted(size, **meta):
        return SimpleNamespace(transforms=lambda: SimpleNamespace(**size), meta=meta)

    FAMILIES = {{
        "resnet50": (resnet50, "resnet", [weighted({{"crop_size": [40]}}), weighted({{"crop_size": [48]}})]),
        "fcn": (fcn, "segmentation.fcn", [weighted({{"resize_size": [52]}})]),
        "fasterrcnn": (fcn, "detection.faster_rcnn", []),
        "ssd300_vgg16": (fcn, "detection.ssd", []),
        "r3d_18": (fcn, "video.resnet", [weighted({{"crop_size": (56, 64)}}, min_temporal_size=1)]),
        "raft_small": (fcn, "optical_flow.raft", []),
    }}

    def list_models():
        return [*FAMILIES]

    def get_model_builder(name):
        build, family, _ = FAMILIES[name]
        build.__module__ = f"torchvision.models.{{family}}"
        return build

    def get_model_weights(name):
        return FAMILIES[name][2]
"""


def write_package(folder, name, code):
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(textwrap.dedent(code))
