"""timm:NAME and torchvision:NAME, wherever a module can be named."""

import pytest
import torch
from cli_runner import convcost, refused

import convcost as library
from convcost.core.errors import UsageError

PARAMS = 4 * 3 * 9 + 4 + 4 * 10 + 10
MACS_AT_32 = 32 * 32 * 4 * 3 * 9 + 40


def test_a_model_is_counted_on_the_input_of_its_configuration(libraries):
    report = library.cost("timm:resnet50")
    assert (report.name, report.spec, report.params, report.macs) == (
        "resnet50",
        "timm:resnet50",
        PARAMS,
        MACS_AT_32,
    )
    assert report.notes == ("The input f32[1,3,32,32] is assumed, from timm's configuration of resnet50.",)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("timm:resnet50.a1_in1k", (1, 3, 32, 32)),
        ("timm:resnet50(img_size=48)", (1, 3, 48, 48)),
        ("timm:resnet50(img_size=[48, 16], in_chans=1)", (1, 1, 48, 16)),
        ("torchvision:resnet50", (1, 3, 40, 40)),
        ("torchvision:fcn", (1, 3, 52, 52)),
        ("torchvision:fasterrcnn", (1, 3, 800, 800)),
        ("torchvision:ssd300_vgg16", (1, 3, 300, 300)),
    ],
)
def test_inputs_follow_from_the_model_and_its_arguments(libraries, text, shape):
    assert library.cost(text).input == shape


def test_own_inputs_and_arguments_come_first(libraries):
    report = library.cost("f32[B,3,8,8] -> timm:resnet50(num_classes=5)", B=2)
    assert (report.input, report.output, report.notes) == ((2, 3, 8, 8), (2, 5), ())
    assert library.cost("timm:resnet50", "f32[2,3,8,8]").input == (2, 3, 8, 8)
    assert library.cost("timm:resnet50", torch.zeros(2, 3, 8, 8)).input == (2, 3, 8, 8)


def test_open_sizes_of_an_input_give_formulas(libraries):
    report = library.cost("f32[B,3,8,8] -> timm:resnet50")
    assert report.open_names == ("B",)
    assert report.subs(B=3).macs == 3 * (8 * 8 * 108 + 40)
    found = library.match("f32[B,3,8,8] -> timm:resnet50", vary="B", budget=2 * 9 * (8 * 8 * 108 + 40))
    assert found.best[0].sizes == {"B": 9}


def test_models_and_designs_are_compared(libraries):
    found = library.compare(
        "timm:resnet50", "net = f32[N,3,8,8] -> torchvision:resnet50", "Linear(4, 10)", N=2
    )
    assert [report.name for report in found.candidates] == ["resnet50", "net", "Linear"]
    assert found.candidates[1].output == (2, 10)


def test_a_command_takes_one_wherever_it_takes_a_module(libraries):
    code, out, _ = convcost("cost", "timm:resnet50")
    assert code == 0
    assert "timm:resnet50" in out
    assert "The input f32[1,3,32,32] is assumed" in out
    for arguments in (
        ("model", "timm:resnet50", "--counters", "flop_counter_mode", "--strict"),
        ("compare", "timm:resnet50", "torchvision:resnet50", "Linear(4, 10)"),
        ("match", "f32[B,3,8,8] -> timm:resnet50", "--vary", "B", "--budget", "1MFLOPs"),
        ("sweep", "f32[B,3,8,8] -> timm:resnet50", "--over", "B=1:4"),
        ("sweep", "timm:resnet50", "--over-arg", "num_classes=5,10"),
        ("report", str(libraries / "page.html"), "timm:resnet50"),
        ("cost", "timm:resnet50", "--backward", "--memory", "--device", "a100"),
    ):
        code, out, err = convcost(*arguments)
        assert (code, bool(out)) == (0, True), err


def test_what_a_constructor_prints_is_no_result(libraries):
    assert convcost("cost", "timm:resnet18", "--json").out.startswith("{")


def test_a_configuration_names_one_too(libraries):
    (libraries / "convcost.toml").write_text(
        f'[entries.net]\nmodel = "timm:resnet50"\nparams = {PARAMS}\nmacs = {MACS_AT_32}\n'
        f'[entries.open]\nmodel = "f32[B,3,8,8] -> timm:resnet50(num_classes=5)"\n'
        f"sizes = {{ B = 2 }}\nmacs = {2 * (8 * 8 * 108 + 20)}\n"
    )
    code, out, err = convcost("check")
    assert (code, err) == (0, ""), out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timm:resnet5", "timm has no model resnet5 (did you mean resnet50?)\n"),
        ("timm:hf-hub:a/b", "timm has no model hf-hub:a/b\ntimm.list_models('*hf-hub:a/b*') lists models.\n"),
        ("timm:resnet50.a1_in", "timm has no weights a1_in for resnet50 (did you mean a1_in1k?)\n"),
        ("torchvision:resnet5", "torchvision has no model resnet5 (did you mean resnet50?)\n"),
        (
            "timm:resnet50(pretrained=True)",
            "timm:resnet50: pretrained loads weights\n"
            "Leave it out: convcost builds models without weights, as costs do not depend on them.\n",
        ),
        (
            "torchvision:resnet50(weights='DEFAULT')",
            "torchvision:resnet50: weights loads weights\n"
            "Leave it out: convcost builds models without weights, as costs do not depend on them.\n",
        ),
        ("timm:vit_tiny", "ResNet.forward needs a value for the input x"),
        ("timm:resnet50(width=2)", "timm:resnet50(width=2) could not be built: TypeError: "),
        ("timmm:resnet50", "there is no module timmm (did you mean timm:resnet50?)\n"),
    ],
)
def test_a_wrong_name_is_refused_with_the_way_out(libraries, text, message):
    assert refused("cost", text).startswith(message)


@pytest.mark.parametrize("name", ["timm", "torchvision"])
def test_a_missing_library_is_named_with_its_installation(no_libraries, name):
    assert refused("cost", f"{name}:resnet50") == f"{name}:resnet50 needs {name}: pip install {name}\n"
    with pytest.raises(UsageError, match=f"{name}:resnet50 needs {name}: pip install {name}"):
        library.cost(f"{name}:resnet50")


def test_a_library_that_can_not_be_imported_is_reported(folder, monkeypatch):
    (folder / "timm.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(folder)
    assert "timm could not be imported: ModuleNotFoundError: No module named 'no_such_library'" in refused(
        "cost", "timm:a"
    )


def test_sizes_that_no_input_has_are_refused(libraries):
    assert refused("cost", "timm:resnet50", "--B", "4").startswith("no option or size is called --B")
    with pytest.raises(UsageError, match="B"):
        library.cost("timm:resnet50", B=4)
