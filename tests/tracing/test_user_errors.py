"""What a user's own code raises is shown at its place, in a few lines."""

import pytest
from tracing.targets import LINEAR, refused, written

from convcost.core.errors import UsageError
from convcost.tracing.user_error import TargetError

FAULTS = {
    "raise ValueError('at import')": (
        "net.py could not be imported: ValueError: at import\n  net.py:3\n    raise ValueError('at import')"
    ),
    "import nowhere": (
        "net.py could not be imported: ModuleNotFoundError: No module named 'nowhere'\n"
        "  net.py:3\n    import nowhere\n"
        "If it is a package, install it: pip install nowhere"
    ),
    "def f(:": (
        "net.py could not be imported: SyntaxError: invalid syntax (net.py, line 3)\n  net.py:3\n    def f(:"
    ),
    "import sys; sys.exit(4)": (
        "net.py could not be imported: it ended the program, sys.exit(4)\n"
        "  net.py:3\n    import sys; sys.exit(4)"
    ),
    "def Net():\n    return helper()\ndef helper():\n    raise OSError('no weights')": (
        "net.py:Net could not be built: OSError: no weights\n"
        "  net.py:6, in helper\n    raise OSError('no weights')"
    ),
    LINEAR.replace("return self.fc(x)", "return self.fc(x[0])"): (
        "net.py:Net could not be run on (4, 5): RuntimeError: mat1 and mat2 shapes cannot be multiplied "
        "(1x5 and 4x4)\n  net.py:10, in forward\n    return self.fc(x[0])\n  in submodule fc (Linear)"
    ),
    "Net = nn.Sequential(nn.Linear(3, 4))": (
        "net.py:Net could not be run on (4, 5): RuntimeError: mat1 and mat2 shapes cannot be multiplied "
        "(4x5 and 3x4)\n  in submodule 0 (Linear)"
    ),
}


@pytest.mark.parametrize(("code", "message"), FAULTS.items(), ids=range(len(FAULTS)))
def test_the_users_error_is_shown_at_its_place(folder, code, message):
    written(folder / "net.py", code)
    assert refused(TargetError, "net.py:Net", "[4,5]") == message


def test_layers_that_do_not_fit_are_named_in_torchs_own_words(folder):
    written(folder / "net.py", "Net = nn.Sequential(nn.Conv1d(4, 4, 3), nn.Sequential(nn.Conv1d(4, 4, 9)))")
    assert refused(TargetError, "net.py:Net", "[1,4,8]") == (
        "net.py:Net could not be run on (1, 4, 8): RuntimeError: "
        "Calculated padded input size per channel: (6). "
        "Kernel size: (9). Kernel size can't be greater than actual input size\n  in submodule 1.0 (Conv1d)"
    )


def test_an_error_with_open_sizes_names_the_submodule_too(folder):
    written(folder / "net.py", "Net = nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 4))")
    assert "\n  in submodule 1 (Linear)\n" in refused(TargetError, "net.py:Net", "[B,3]")


def test_an_error_far_inside_torch_points_at_the_users_line(folder):
    written(folder / "net.py", LINEAR.replace("self.fc(x)", "nn.functional.conv2d(x, self.fc.weight)"))
    assert "  net.py:10, in forward\n" in refused(TargetError, "net.py:Net", "[4,5]")


def test_an_error_in_a_library_points_at_the_line_that_called_it(folder):
    library = folder / "site-packages"
    written(library / "blocks.py", "def block(width):\n    raise ValueError(f'{width} is odd')\n")
    path = f"import sys\nsys.path.append({str(library)!r})\n"
    written(folder / "net.py", f"{path}from blocks import block\ndef Net(): return block(3)\n")
    assert refused(TargetError, "net.py:Net", "[1]").splitlines()[1] == "  net.py:6, in Net"


ODD = {
    "train() that raises": "class Net(nn.Linear):\n    def train(self, mode=True): raise ValueError('no')\n",
    "an error that can't be told": (
        "class Silent(Exception):\n    def __str__(self): return 1 / 0\n"
        "class Net(nn.Linear):\n    def forward(self, x): raise Silent\n"
    ),
}


@pytest.mark.parametrize("code", ODD.values(), ids=ODD)
def test_what_a_class_makes_of_torchs_own_methods_is_its_own_error(folder, code):
    written(folder / "net.py", code)
    message = refused(TargetError, "net.py:Net", "[4]", in_features=4, out_features=4)
    assert message.startswith("net.py:Net(in_features=4, out_features=4) could not be ")


def test_a_link_to_itself_is_no_file(folder):
    (folder / "net.py").symlink_to("net.py")
    assert refused(UsageError, "net.py:Net", "[4]").startswith("there is no file net.py\n")


def test_a_folder_is_not_suggested_as_a_file(folder):
    (folder / "net.py").mkdir()
    assert refused(UsageError, "net.py:Net", "[4]").startswith("net.py is not a regular file\n")
