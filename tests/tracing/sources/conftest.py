"""Stand-ins for libraries of models, in front of those that are installed."""

import sys

import pytest
from tracing.sources.fake_libraries import TIMM, TORCHVISION_MODELS, write_package


@pytest.fixture
def libraries(folder, monkeypatch):
    """An empty folder that is the current one, where small packages are found as timm and torchvision."""
    home = folder / "installed"
    write_package(home, "timm", TIMM)
    write_package(home, "torchvision", "from torchvision import models\n")
    write_package(home / "torchvision", "models", TORCHVISION_MODELS)
    hidden = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in LIBRARIES}
    for name in hidden:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(home)
    return folder


LIBRARIES = ("timm", "torchvision")


@pytest.fixture
def no_libraries(folder, monkeypatch):
    """The same where neither of them is installed."""
    for name in LIBRARIES:
        monkeypatch.setitem(sys.modules, name, None)
    return folder
