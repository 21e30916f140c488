"""FILE.pt2: a torch.export archive costs what its module does, and nothing in it is run but operators."""

import copy
import json
import pickle

import pytest
import torch
from cli_runner import convcost, refused
from hypothesis import given, settings
from hypothesis import strategies as st
from tracing.sources.export_archives import Net, export, model_json, write_archive, zipped

import convcost as library
from convcost.core.errors import ConvcostError
from convcost.tracing.sources.exported.schema import ExportedNode
from convcost.tracing.sources.exported.spans import frames_of

FIGURES = (
    "params",
    "trainable_params",
    "macs",
    "valid_macs",
    "bias_adds",
    "elementwise",
    "activations",
    "bytes",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "net.pt2"
    export(path)
    return path


@pytest.fixture
def changed(archive, tmp_path):
    """What writes the archive with a changed graph, and gives its path."""

    def write(change):
        model = model_json(archive)
        change(model)
        path = tmp_path / "changed.pt2"
        write_archive(path, model)
        return str(path)

    return write


@pytest.mark.parametrize("shape", [(2, 3, 6, 6), (1, 3, 5, 6), (64, 3, 9, 6)])
def test_an_archive_costs_what_its_module_does(archive, shape):
    text = f"f32[{','.join(map(str, shape))}]"
    found, expected = library.cost(str(archive), text), library.cost(Net().eval(), text)
    assert {name: getattr(found, name) for name in FIGURES} == {
        name: getattr(expected, name) for name in FIGURES
    }
    assert found.output == expected.output


def test_it_has_the_submodules_of_its_module(archive):
    found = library.cost(str(archive), "f32[2,3,6,6]")
    expected = library.cost(Net().eval(), "f32[2,3,6,6]")
    rows = [
        {row.path: (row.kind, row.params, row.calls, row.cost) for row in each.rows}
        for each in (found, expected)
    ]
    ours, theirs = rows
    for path in ("conv", "norm", "blocks.1.up", "blocks.0.up", "blocks.0.down"):
        assert ours[path] == theirs[path]


def test_its_backward_costs_what_that_of_the_module_does(archive):
    found = library.cost(str(archive), "f32[2,3,6,6]", backward=True)
    expected = library.cost(Net().eval(), "f32[2,3,6,6]", backward=True)
    assert found.phases["gradient by input"].macs == expected.phases["gradient by input"].macs
    assert found.phases["gradient by weight"].macs == expected.phases["gradient by weight"].macs


def test_open_sizes_are_those_of_the_archive(archive):
    report = library.cost(str(archive))
    batch, height = report.open_names
    assert report.input[1:2] == (3,)
    assert report.subs(**{batch: 2, height: 6}).macs == library.cost(Net().eval(), "f32[2,3,6,6]").macs
    assert report.notes == (
        f"It was exported for {batch} ≤ 64.",
        f"The input f32[{batch},3,{height},6] is from the export.",
    )


def test_its_counters_memory_and_time_are_those_of_a_module(archive):
    batch, height = library.cost(str(archive)).open_names
    sizes = (f"--{batch}", "2", f"--{height}", "6")
    code, out, err = convcost(
        "cost", str(archive), *sizes, "--counters", "flop_counter_mode", "--memory", "--strict"
    )
    assert (code, "peak of a training step" in out) == (0, True), err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "f32[65,3,6,6]",
            "x has shape (65, 3, 6, 6); it was exported as f32[{b},3,{h},6], {b} <= 64",
        ),
        ("f32[2,4,6,6]", "x has shape (2, 4, 6, 6); it was exported as f32[{b},3,{h},6], {b} <= 64"),
        ("f32[2,3,6]", "x has 3 dimensions; it was exported as f32[{b},3,{h},6]"),
    ],
)
def test_an_input_that_it_was_not_exported_for_is_refused(archive, text, message):
    batch, height = library.cost(str(archive)).open_names
    assert message.format(b=batch, h=height) in refused("cost", f"{text} -> {archive}")


def test_an_archive_takes_no_arguments(archive):
    assert (
        refused("cost", f"{archive}(width=2)")
        == f"{archive} is an exported graph, so it takes no arguments\n"
    )


def test_what_is_pickled_in_it_is_not_read(archive, tmp_path):
    class Attack:
        def __reduce__(self):
            return open, (str(tmp_path / "attacked"), "w")

    attack = pickle.dumps(Attack())
    inside = {f"net/data/{name}": attack for name in ("sample_inputs/model.pt", "constants/custom_obj_0")}
    path = tmp_path / "attack.pt2"
    write_archive(path, model_json(archive), **inside)
    assert library.cost(str(path), "f32[2,3,6,6]").macs > 0
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize(
    "target",
    [
        "torch.hub.load",
        "torch.os.system",
        "torch.ops.load_library",
        "torch.ops.mylib.scan.default",
        "_operator.attrgetter",
        "math.factorial",
        "builtins.eval",
        "torch.ops.aten.add.__class__",
        "torch.ops.aten.no_such.default",
        "torch.ops.aten.from_file.default",
        "#mylib:op",
    ],
)
def test_only_operators_of_torch_are_called(changed, target):
    def change(model):
        model["graph_module"]["graph"]["nodes"][5]["target"] = target

    assert f"the graph calls {target}" in refused("cost", f"f32[2,3,6,6] -> {changed(change)}").replace(
        "'", ""
    )


def test_a_text_in_it_is_no_code(changed):
    def change(model):
        text = json.dumps(model["graph_module"]["graph"]["tensor_values"]["x"]["sizes"][0])
        sizes = [json.loads(text.replace("Symbol(", "open('attacked', 'w') or Symbol("))]
        model["graph_module"]["graph"]["tensor_values"]["x"]["sizes"][:1] = sizes
        model["guards_code"] = ["open('attacked', 'w')"]

    assert library.cost(changed(change), "f32[2,3,6,6]").macs > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version/major": 9}, "has version 9 of torch's schema; only version 8 can be read"),
        ({"graph_module": None}, "Expected `object`, got `null` - at `$.graph_module`"),
        ({"graph_module/graph/tensor_values": {}}, "the graph has no value 'x'"),
        ({"graph_module/graph/tensor_values/x/dtype": 99}, "an unknown dtype, number 99"),
        (
            {"graph_module/signature/input_specs/0/parameter/parameter_name": "a/../b"},
            "the graph has a tensor with an invalid name, 'a/../b'",
        ),
        ({"graph_module/graph/inputs": []}, "could not be built"),
        ({"graph_module/graph/nodes/3/outputs": []}, "could not be run"),
    ],
)
def test_a_damaged_graph_is_refused_in_a_sentence(changed, change, message):
    def put(model):
        [(place, value)] = change.items()
        *path, last = place.split("/")
        for name in path:
            model = model[int(name) if name.isdecimal() else name]
        model[last] = value

    assert message in refused("cost", f"f32[2,3,6,6] -> {changed(put)}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a torch.export archive, or is damaged: File is not a zip file"),
        (b"PK\x05\x06" + bytes(8) + b"\xff" * 10, "is not a torch.export archive"),
        (zipped(), "has no graph, so torch.export.save did not write it"),
        (zipped(**{"a/models/x.json": b"{}", "a/models/y.json": b"{}"}), "has 2 graphs"),
        (zipped(**{"serialized_exported_program.json": b"{}"}), "was written by a torch before 2.8"),
        (zipped(**{"models/model.json": b"[" * 10_000_000}), "is not a torch.export archive"),
        (zipped(**{"models/model.json": b"\x80\x04K\x01."}), "is not a torch.export archive"),
    ],
)
def test_what_is_no_archive_is_refused_in_a_sentence(folder, data, message):
    (folder / "a.pt2").write_bytes(data)
    found = refused("cost", "a.pt2")
    assert found.startswith("a.pt2")
    assert message in found
    assert found.count("\n") <= 2


def test_a_path_that_is_no_file_is_refused(folder):
    (folder / "net.pt2").mkdir()
    assert refused("cost", "net.pt2") == "net.pt2 is a folder, not a file\n"
    (folder / "near.pt2").write_bytes(b"")
    assert refused("cost", "neat.pt2") == "there is no file neat.pt2 (did you mean near.pt2?)\n"


def test_a_graph_that_is_too_large_is_not_held(folder, monkeypatch):
    monkeypatch.setattr("convcost.tracing.sources.exported.archive.LARGEST_GRAPH", 1000)
    write_archive(folder / "a.pt2", b" " * 10_000)
    assert "the graph is larger than" in refused("cost", "a.pt2")


def count_or_refuse(path):
    """A report, or a message of bounded length."""
    try:
        library.cost(str(path), "f32[2,3,6,6]")
    except ConvcostError as error:
        message = str(error)
    else:
        message = ""
    assert len(message) < 2_000


@settings(max_examples=20)
@given(data=st.data())
def test_no_cut_and_no_changed_byte_ends_in_anything_but_a_message(archive, tmp_path_factory, data):
    """Cut at any place, and with any byte changed: a report, or a sentence."""
    whole = archive.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = (
        whole[:place]
        if data.draw(st.booleans())
        else whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]
    )
    path = tmp_path_factory.mktemp("damaged") / "a.pt2"
    path.write_bytes(damaged)
    count_or_refuse(path)


@settings(max_examples=20)
@given(data=st.data())
def test_no_changed_value_of_a_graph_ends_in_anything_but_a_message(archive, tmp_path_factory, data):
    model = copy.deepcopy(model_json(archive)["graph_module"])
    whole = {**model_json(archive), "graph_module": model}
    holder, key = data.draw(st.sampled_from(_places(model)))
    holder[key] = data.draw(
        st.sampled_from([None, -1, 2**62, 1.5, "", "x", [], {}, True, {"as_int": 2**62}, {"as_none": True}])
    )
    path = tmp_path_factory.mktemp("damaged") / "a.pt2"
    write_archive(path, whole)
    count_or_refuse(path)


def _places(value):
    """Each place of a value in the JSON."""
    found = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found


def test_frames_that_do_not_nest_are_left_out():
    stack = "L__self__,,a.Net;self_b,b,a.Block;self_c,c.d,a.Linear;empty,empty,empty;e,b.e@1,a.b.Linear"
    assert [frame[:2] for frame in frames_of(ExportedNode("t", [], [], {"nn_module_stack": stack}))] == [
        ("b", "Block"),
        ("b.e", "Linear"),
    ]


def test_the_memory_of_a_run_is_that_of_the_module(archive):
    """Values are dropped as soon as nothing needs them."""
    from convcost.tracing.profile import Profiler
    from convcost.tracing.target.module_text import parse_module_text
    from convcost.tracing.target.profile import profile_target
    from convcost.tracing.target.target import Target

    stated = parse_module_text(f"f32[8,3,16,6] -> {archive}")
    profiler = Profiler(footprint="")
    ours = profile_target(Target(stated.place, {}, stated.inputs), profiler).report.trace.held
    theirs = profiler.profile(Net().eval(), torch.zeros(8, 3, 16, 6)).trace.held
    assert ours.forward <= 1.2 * theirs.forward
