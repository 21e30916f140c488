"""Words that people know from elsewhere get the way out in one sentence; near names come first."""

import shlex
from typing import get_type_hints

import pytest
from cli_runner import PLAIN, ROOT, convcost, refused
from torch import nn

from convcost import cost, profile
from convcost.cli.commands import COMMANDS, COMMANDS_WITHOUT_SIZES
from convcost.cli.hints import COMMAND_HINTS, OPTION_HINTS, is_option
from convcost.layers import CONTAINERS, ELSEWHERE, KINDS, TORCH_NN
from convcost.layers.unsupported import EXAMPLES, UNSUPPORTED

PAIR = ("compare", "Linear(3, 4)", "Linear(3, 5)")
RELU = ("model", "torch.nn:ReLU", "--input", "f32[1,3]")
DEVICE_COMMANDS = "is an option of convcost compare, cost, model, layer, sweep and report."
BRACKETS = "A layer's arguments go in its brackets:"


@pytest.mark.parametrize(
    ("arguments", "way_out"),
    [
        ((*PAIR, "--no-bias"), f"{BRACKETS} bias=False."),
        ((*PAIR, "--bias", "false"), f"{BRACKETS} bias=False."),
        ((*PAIR, "--kernel", "3"), f"{BRACKETS} kernel_size=3."),
        ((*PAIR, "--in-channels", "3"), f"{BRACKETS} in_channels=3."),
        (("explain", "Linear(3, 4)", "--groups", "2"), f"{BRACKETS} groups=2."),
        ((*PAIR, "--convs", "3"), "A repeated layer is written as 3 x Conv1d(E, E, 3, padding=same)."),
        ((*PAIR, "--batch", "4"), "The batch is a size of the input, such as B: --B 4."),
        ((*PAIR, "--symbols"), "A size without a value stays a symbol: leave its option out."),
        ((*PAIR, "--csv"), "Write it as --format csv."),
        ((*PAIR, "--limit", "3"), "--top is an option of convcost cost, model and sweep."),
        ((*PAIR, "--depth", "3"), "--depth is an option of convcost cost and model."),
        (("explain", "--device", "a100"), f"--device {DEVICE_COMMANDS}"),
        (("counters", "--device", "a100"), f"--device {DEVICE_COMMANDS}"),
        ((*PAIR, "--version"), "convcost --version shows the version."),
        ((*PAIR, "--set"), "Write it as --set NAME=SIZE."),
        ((*PAIR, "--device", "--json"), "Write it as --device NAMES."),
        ((*PAIR, "-json"), "Options have two dashes: --json"),
        ((*PAIR, "-format", "json"), "Options have two dashes: --format"),
        ((*PAIR, "-set=E"), "Options have two dashes: --set=E"),
        ((*PAIR, "-B4"), "Give sizes as --B 4."),
        ((*PAIR, "B=4"), "Give sizes as --B 4."),
        ((*PAIR, "4"), "Give a size by its name: --E 4, or --set E=4."),
        (("--json", *PAIR), "For example, convcost compare --json"),
        (("--E", "4"), "For example, convcost COMMAND --E"),
        (("layer",), "A torch.nn layer, such as conv1d or 'Conv1d(E, E, 3)'."),
        (("verify", "conv1d"), "convcost verify -h lists its options."),
    ],
)  # fmt: skip
def test_what_is_written_elsewhere_gets_the_way_out(arguments, way_out):
    assert refused(*arguments).splitlines()[1:] == [way_out]


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        ((*RELU, "--shape", "f32[1,3]"), "--input"),
        ((*RELU, "--max-depth", "2"), "--depth"),
        ((*RELU, "--grad"), "--backward"),
        ((*RELU, "--limit", "3"), "--top"),
        (("cost", "Linear(3, 4)", "--cols", "flops"), "--columns"),
        (("match", *PAIR[1:], "--for", "E"), "--vary"),
        (("compare", "--kernel-size", "5"), "--K"),
        (("compare", "--depth", "5"), "--convs"),
        (("compare", "--bias", "false"), "--no-bias"),
        (("explain", "--kernel", "5"), "--K"),
        (("match", *PAIR[1:], "--multiple", "8"), "--multiple-of"),
        (("check", "--fix"), "--update"),
        (("check", "--confg", "x"), "--config"),
        (("counters", "--jsn"), "--json"),
        (("layer", "conv2d", "3", "8", "--kernel", "3"), "--kernel-size"),
        (("layer", "conv2d", "3", "8", "3", "--pad", "1"), "--padding"),
        (("layer", "conv2d", "--in", "3", "--out", "8"), "--in-channels"),
        (("modle",), "model"),
        (("--versio",), "--version"),
        (("cost", "-formt", "json"), "--format"),
        (("sweep", "-f", "json"), "--format"),
        (("layer", "convld", "3", "4", "3"), "Conv1d"),
        (("layer", "conv", "3", "4", "3"), "Conv1d, Conv2d or Conv3d"),
        (("layer", "batchnorm", "3"), "BatchNorm1d, BatchNorm2d or BatchNorm3d"),
        (("layer", "dense", "3", "4"), "Linear"),
        (("explain", "fc", "3", "4"), "Linear"),
        (("devices", "rtx4009"), "rtx-4090"),
        ((*RELU, "--counters", "thop"), "ultralytics_thop"),
        (("model", "torch.nn:Linera"), "Linear"),
    ],
)  # fmt: skip
def test_a_near_name_is_offered(arguments, near):
    assert f"(did you mean {near}?)" in refused(*arguments)


@pytest.mark.parametrize("value", ["1e3", "1000.0", "1E3"])
def test_a_size_as_a_float_is_told_as_an_integer(value):
    told = f"--E {value}: a size is a whole number, in digits\nWrite it as --E 1000.\n"
    assert refused("compare", "--E", value) == told


def test_a_size_that_is_not_whole_is_told_so():
    for value in ("1.5", "1.5K", "1e-3", "0.0", "1e999999"):
        assert refused("compare", "--E", value) == (
            f"--E {value}: a size is a whole number, in digits\nWrite a number such as --E 128.\n"
        )


@pytest.mark.parametrize("arguments", [("--E", ""), ("--E=",), ("--set", "E="), ("--E", "--L", "10")])
def test_a_size_without_a_value_is_told_so(arguments):
    assert refused("compare", *arguments) == "--E has no value\nWrite it as --E 128.\n"


@pytest.mark.parametrize("command", ["compare", "layer", "explain", "match"])
def test_an_input_of_a_module_is_no_design(command):
    message, way_out = refused(command, "f32[1,3,224,224]").splitlines()
    assert message == "f32[1,3,224,224] is the input of a module, not a design"
    assert way_out == "A design's input has no dtype: [1,3,224,224] -> Linear(3, 4)"


def test_an_input_with_a_dtype_is_written_with_the_options_that_the_command_has():
    layer = ("conv1d", "8", "8", "3", "--input", "f32[4,8,10]")
    assert refused("layer", *layer).endswith("\nWrite it as --input 4,8,10 --dtype f32\n")
    assert refused("explain", *layer).endswith("\nWrite it as --input 4,8,10\n")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("layer", "conv2d", "3", "8", "3", "--no-biass"), "--no-biass (did you mean --no-bias?)\n"),
        (("layer", "conv2d", "3", "8", "3", "bias=False"), "Give arguments and sizes as --bias False.\n"),
        (("layer", "linear", "3", "8", "--foo", "5"), "--out-features, --bias. The sizes here are B, S.\n"),
        (("match", "Linear(E,E)", "--vary", "E", "--budget", "10", "MFLOPs"), "such as 10MFLOPs.\n"),
        (("cost", "Linear(E,4)", "--E", "1,000"), "\nWrite it without commas, --E 1000. "),
        (("report", "Linear(3,4)", "-o", "out.html"), "first: convcost report report.html\n"),
        (
            ("model", "examples/tcn.py:tcn", "--T", "100"),
            '\nNo input is given, such as --input "f32[B,128]". ',
        ),
        (("model", "torch.nn:Linear", "--input", "f32[1,8]"), "such as --arg in_features=10.\n"),
        (
            ("model", "torch.nn:TransformerEncoder", "--input", "f32[1,8]"),
            "\nThe argument encoder_layer is a module: write a function that builds both, ",
        ),
        (("model", "torch.nn:DataParallel", "--input", "f32[1,8]"), "\nThe argument module is a module: "),
    ],
)
def test_a_hint_names_what_the_command_has(command, message, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert message in refused(*command)


def test_the_input_of_a_layer_is_a_shape_alone():
    message = refused("layer", "linear", "3", "4", "--input", "f32[1,3]")
    assert message.endswith("\nWrite it as --input 1,3 --dtype f32\n")


@pytest.mark.parametrize("command", ["layer", "code"])
@pytest.mark.parametrize("target", ["net.py:Net", "torchvision.models:resnet18"])
def test_a_torch_module_where_a_design_is_wanted_is_sent_to_model(command, target):
    way_out = f'For a torch module: convcost model {target} --input "f32[1,3,224,224]"\n'
    assert refused(command, target).endswith(way_out)


@pytest.mark.parametrize("design", ["Linear(3, 4)", "[B, 3] -> ReLU"])
def test_a_design_where_a_module_is_wanted_is_sent_to_cost(design):
    way_out = f"For a design: convcost cost '{design}'"
    assert refused("model", design) == f"{design} is not a torch module\n{way_out}\n"


def test_a_dotted_name_gets_its_colon():
    assert refused("model", "torch.nn.ReLU") == "torch.nn.ReLU has no colon\nWrite it as torch.nn:ReLU.\n"


def test_arguments_of_a_module_behind_it_are_sent_to_arg():
    assert "by name: --arg" in refused("model", "torch.nn:LSTM", "3", "4")


@pytest.mark.parametrize("design", ["Linear(3, 4)", "Linear(3, 4) -> ReLU"])
def test_a_single_design_is_sent_to_the_command_for_it(design):
    assert refused("compare", design).endswith("For a single design, use convcost cost.\n")


@pytest.mark.parametrize("arguments", [("layer", "ctcloss", "0"), ("explain", "CTCLoss(0)")])
def test_a_layer_of_torch_that_designs_lack_is_sent_to_model(arguments):
    message = refused(*arguments)
    assert message.startswith("designs have no layer CTCLoss\n")
    assert message.endswith(
        'CTCLoss --input "f32[50,1,20]" --input "i64[1,30]" --input "i64[1]" --input "i64[1]"\n'
    )


def test_a_layer_of_torch_that_designs_lack_can_be_counted_so():
    given = ("--arg", "reduction='sum'", "--input", "f32[5]", "--input", "f32[5]")
    assert convcost("model", "torch.nn:MSELoss", *given).code == 0


@pytest.mark.parametrize("kind", ["sequential", "ModuleList"])
def test_a_container_is_sent_to_the_arrow(kind):
    assert "Write a chain of layers as A -> B" in refused("layer", kind)


def test_the_names_of_torch_s_layers_are_all_known():
    import torch

    values = [value for value in vars(torch.nn).values() if isinstance(value, type)]
    modules = {value.__name__ for value in values if issubclass(value, torch.nn.Module)}
    assert modules - {*KINDS} == {*TORCH_NN, *CONTAINERS} - {*KINDS}


def test_a_name_from_elsewhere_is_none_of_torch():
    assert not {*ELSEWHERE} & {name.lower() for name in (*KINDS, *TORCH_NN, *CONTAINERS)}


@pytest.mark.parametrize("word", sorted(COMMAND_HINTS))
def test_a_command_from_elsewhere_gets_its_sentence(word):
    assert refused(word) == f"no command is called {word}\n{COMMAND_HINTS[word]}\n"


def test_no_word_from_elsewhere_is_a_command():
    assert not {*COMMAND_HINTS} & {*COMMANDS}


@pytest.mark.parametrize("word", sorted(OPTION_HINTS))
@pytest.mark.parametrize(
    "command", [("compare",), ("layer", "relu"), ("match", "ReLU"), RELU[:2], ("check",)]
)
def test_an_option_from_elsewhere_gets_a_way_out(command, word):
    code, out, err = convcost(*command, f"--{word}", "3")
    if f"--{word}" not in options_of(command[0]):
        assert (code, out) == (2, "")
        lines = err.splitlines()
        assert len(lines) > 1 or "(did you mean --" in lines[0]


def options_of(command):
    return convcost(command, "--help").out.replace(",", " ").split()


@pytest.mark.parametrize("meant", sorted({meant for meant in OPTION_HINTS.values() if is_option(meant)}))
def test_an_option_that_is_meant_is_there(meant):
    open_commands = [command for command in COMMANDS if command not in ("schema",)]
    is_argument = meant == "--kernel-size"
    assert is_argument or any(meant in options_of(command) for command in open_commands)


@pytest.mark.parametrize(
    "again", [("--device", "a100", "--device", "h100"), ("--dtype=int8", "--dtype", "bf16")]
)
def test_an_option_with_two_values_is_refused(again):
    way_out = "It takes one value; run it once for each."
    assert refused(*PAIR, *again) == f"{again[0].partition('=')[0]} is given twice\n{way_out}\n"


def test_an_option_that_is_given_twice_alike_is_no_matter():
    assert convcost(*PLAIN, "--counters", "none").code == 0


def test_json_and_another_format_exclude_each_other():
    assert refused(*PAIR, "--json", "--format", "csv") == "--json and --format csv can't be combined\n"


@pytest.mark.parametrize("value", ["maybe", "0", "3"])
def test_a_flag_of_a_layer_takes_no_other_value(value):
    assert refused("layer", "conv2d", "3", "8", "3", "--bias", value) == (
        f"--bias must be true or false, not {value}\nWrite --bias true, or --no-bias.\n"
    )


def test_a_counter_of_modules_is_not_asked_about_designs():
    assert refused(*PAIR, "--counters", "ptflops") == (
        "ptflops counts torch modules, not designs\n"
        "Use it with convcost model, after pip install 'convcost[peers]'.\n"
    )


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nosuch_package:Net", "there is no module nosuch_package\n"
         "If it is a package, install it: pip install nosuch_package\n"),
        ("nosuch_package.models:Net", "there is no module nosuch_package.models\n"
         "If it is a package, install it: pip install nosuch_package\n"),
        ("torch.nnn:Linear", "torch has no module nnn (did you mean nn?)\n"
         "Write it as path/to/file.py:Name or as package.module:Name.\n"),
        ("torch.nn:LSTN", "torch.nn has no LSTN (did you mean LSTM?)\n"),
    ],
)  # fmt: skip
def test_a_missing_package_is_told_from_a_missing_name(target, message):
    assert refused("model", target) == message


def test_a_package_that_a_file_imports_and_lacks_is_named(tmp_path, monkeypatch):
    (tmp_path / "net.py").write_text("import nosuch_package.models\n")
    monkeypatch.chdir(tmp_path)
    message = refused("model", "net.py:Net")
    assert message.endswith("If it is a package, install it: pip install nosuch_package\n")


@pytest.mark.parametrize("command", COMMANDS_WITHOUT_SIZES)
def test_a_command_without_sizes_refuses_an_unknown_option(command):
    message, way_out = refused(command, "--nonsense", "3").splitlines()
    assert message == "no option is called --nonsense"
    assert way_out == f"convcost {command} -h lists its options."


def test_a_size_with_the_name_of_an_option_is_told_how_it_is_given():
    design = "[B, format] -> Linear(format, 4)"
    assert "to set the size format: --set format=128\n" in refused("layer", design, "--format", "3")
    assert "to set the size json: --set json=128\n" in refused("layer", "Linear(json, 4)", "--json", "3")


@pytest.mark.parametrize(
    "name", ["json", "format", "count", "device", "dtype", "set", "counters", "help", "spec"]
)
def test_set_gives_a_size_of_any_name(name):
    outcome = convcost("layer", f"Linear({name}, 4)", "--set", f"{name}=3", "--counters", "none")
    assert (outcome.code, outcome.err) == (0, "")
    assert f"{name} = 3" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("cost", "resnet50"),
            "For a model, name its library: timm:resnet50, torchvision:resnet50 or hf:PATH.",
        ),
        (
            ("cost", "net.pth"),
            "net.pth is a pickle, which can run code when it is loaded\nSave weights as .safetensors",
        ),
        (("compare", "net.bin", "Linear(1, 1)"), "net.bin is a pickle, which can run code when it is loaded"),
        (
            ("compare", "net.gguff", "Linear(1, 1)"),
            "files ending in .gguff can't be read (did you mean .gguf?)",
        ),
    ],
)
def test_a_model_named_in_another_way_has_its_way_out(arguments, message):
    assert message in refused(*arguments)


@pytest.mark.parametrize("command", ["model", "cost", "compare"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nets.py.CNN", "nets.py.CNN does not name a file or module\nWrite it as nets.py:CNN.\n"),
        ("./nets.py/CNN", "./nets.py/CNN does not name a file or module\nWrite it as ./nets.py:CNN.\n"),
        ("nets.CNN", "nets.CNN has no colon\nWrite it as nets:CNN.\n"),
        ("package.part.CNN", "package.part.CNN has no colon\nWrite it as package.part:CNN.\n"),
        ("torch.hub.load", "torch.hub.load has no colon\nWrite it as torch.hub:load.\n"),
        ("nets.txt", "nets.txt is a file, not a design\n"),
        ("nets.pth", "nets.pth is a pickle, which can run code when it is loaded\n"),
        ("other.gguff", "files ending in .gguff can't be read (did you mean .gguf?)\n"),
    ],
)
def test_a_module_named_without_its_colon_is_not_a_file(command, text, message, tmp_path, monkeypatch):
    (tmp_path / "nets.py").touch()
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "part.py").touch()
    monkeypatch.chdir(tmp_path)
    assert refused(command, text).startswith(message)


def test_a_full_name_of_torch_is_a_layer_in_a_design_and_else_has_no_colon():
    assert "RNN needs input_size and hidden_size" in refused("compare", "torch.nn.RNN")
    assert refused("model", "torch.nn.RNN") == "torch.nn.RNN has no colon\nWrite it as torch.nn:RNN.\n"
    chain = refused("compare", "[1, 3] -> nets.py.CNN(width=2)")
    assert chain.endswith("For a torch module: convcost model nets.py:CNN\n")


@pytest.mark.parametrize("group", UNSUPPORTED, ids=lambda group: group.cause)
def test_a_class_that_needs_a_module_is_counted_by_a_function_that_builds_it(group):
    for name in (name for name in group.names if group.cause != "containers"):
        parameters = get_type_hints(getattr(nn, name).__init__).values()
        kinds = [getattr(kind, "__bound__", kind) for kind in parameters]
        needs_module = any(isinstance(kind, type) and issubclass(kind, nn.Module) for kind in kinds)
        hint = refused("layer", name)
        assert ("builds it: convcost model file.py:name --input" in hint) == needs_module
        assert (f"convcost model torch.nn:{name} --" in hint) == (
            not needs_module and group.cause != "base classes"
        )


@pytest.mark.filterwarnings("ignore:`NLLLoss2d` has been deprecated")
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_way_out_of_a_class_that_designs_do_not_support_runs(name):
    command = refused("layer", name).rpartition("To count torch's module: convcost ")[2]
    assert convcost(*shlex.split(command)).code == 0


@pytest.mark.parametrize("group", UNSUPPORTED, ids=lambda group: group.cause)
def test_a_reason_is_about_one_class(group):
    assert not {"They", "Their", "It", "Its"} & set(group.reason.split())
    assert {*group.names} <= {*EXAMPLES} or group.built_by != "class"


def test_a_lazy_layer_is_named_and_the_way_out_has_an_input_of_its_rank():
    assert refused("cost", "LazyConv2d(10, 3)").splitlines()[3] == (
        "A lazy layer takes a size from its first input. Write the layer without Lazy in its name, with that "
        "size. To count torch's module: convcost model torch.nn:LazyConv2d --arg out_channels=10 --arg "
        'kernel_size=3 --input "f32[1,3,32,32]"'
    )


def test_a_stack_is_written_as_a_repeated_layer_of_its_own_kind():
    assert "Write 6 x TransformerEncoderLayer(...). " in refused(
        "layer", "TransformerEncoder", "64", "4", "2"
    )
    decoder = refused("layer", "TransformerDecoder", "64", "4", "2")
    assert "Write 6 x TransformerDecoderLayer(...)(x, [S, B, E]), with the shape of the memory" in decoder
    stack = nn.TransformerDecoder(nn.TransformerDecoderLayer(64, 4), 6)
    design = cost("[S, B, 64] -> 6 x TransformerDecoderLayer(64, 4)(x, [T, B, 64])", S=10, T=7, B=2)
    module = profile(stack, "f32[10,2,64]", "f32[7,2,64]")
    assert (design.params, design.macs) == (module.params, module.macs)
