"""FILE.safetensors and FILE.gguf: parameters and bytes as stored; what they cost to run is unknown, not 0."""

import json
import struct

import pytest
from cli_runner import convcost, refused
from hypothesis import given, settings
from hypothesis import strategies as st
from tracing.sources.weight_files import (
    PAIRS,
    QUANTIZED,
    SMALL,
    gguf,
    pair,
    raw_safetensors,
    safetensors,
    tensor_info,
    text,
)

import convcost as library
from convcost.core.errors import ConvcostError
from convcost.core.weights import DtypeTotal, StoredTensor
from convcost.tracing.sources.interface import NO_INPUTS
from convcost.tracing.sources.weights import gguf as gguf_source
from convcost.tracing.sources.weights import safetensors as safetensors_source
from convcost.tracing.sources.weights.ggml_types import BLOCKS


@pytest.fixture
def files(folder):
    """An empty folder that is the current one, with a file of each kind."""
    (folder / "m.safetensors").write_bytes(safetensors(SMALL, metadata={"format": "pt"}))
    (folder / "m.gguf").write_bytes(gguf(QUANTIZED, PAIRS))
    return folder


def test_the_tensors_of_a_safetensors_file_are_those_of_its_header(files):
    report = library.cost("m.safetensors")
    assert report.tensors == (
        StoredTensor("layers.2.norm.weight", "F32", (4,), 16),
        StoredTensor("layers.2.up.weight", "BF16", (8, 4), 64),
        StoredTensor("layers.10.up.weight", "BF16", (8, 4), 64),
        StoredTensor("step", "I64", (), 8),
    )
    assert (report.params, report.bytes) == (69, 152)
    assert report.dtypes[0] == DtypeTotal("BF16", 2, 64, 128)


def test_blocks_of_a_gguf_file_take_the_bytes_that_they_are_stored_in(files):
    """Q4_K: 256 elements in 144 bytes, Q6_K: 256 in 210. Source: ggml's block_q4_K and block_q6_K."""
    report = library.cost("m.gguf")
    assert report.tensors == (
        StoredTensor("blk.0.attn_q.weight", "Q4_K", (8, 256), 8 * 144),
        StoredTensor("blk.1.attn_q.weight", "Q4_K", (8, 256), 8 * 144),
        StoredTensor("output_norm.weight", "F32", (7,), 28),
        StoredTensor("output.weight", "Q6_K", (3, 256), 3 * 210),
    )
    assert (report.params, report.bytes) == (2 * 2048 + 7 + 768, 2 * 1152 + 28 + 630)


def test_what_weights_do_not_tell_is_unknown(files):
    for name in ("m.safetensors", "m.gguf"):
        report = library.cost(name)
        for metric in ("macs", "valid_macs", "flops", "bias_adds", "elementwise", "activations"):
            assert getattr(report, metric) is None
        assert report.arithmetic_intensity is None
        found = json.loads(convcost("cost", name, "--json").out)
        assert (found["params"], found["flops"], found["macs"]) == (report.params, None, None)


def test_a_table_groups_tensors_by_their_names(files, plain_screen):
    out = convcost("cost", "m.gguf").out
    assert [line.rstrip() for line in out.rstrip().splitlines()] == TABLE.strip("\n").splitlines()


TABLE = """
 m  m.gguf

 tensor                   stored as   params     bytes    share
────────────────────────────────────────────────────────────────
 blk                                  4.10 K   2.30 KB    77.8%
   0–1                                4.10 K   2.30 KB    77.8%
     attn_q.weight    Q4_K (8, 256)   4.10 K   2.30 KB    77.8%
 output_norm.weight         F32 (7)        7      28 B   0.945%
 output.weight        Q6_K (3, 256)      768     630 B    21.3%
 total                                4.87 K   2.96 KB     100%

 dtype   tensors   parameters     bytes   bits each
────────────────────────────────────────────────────
 Q4_K          2        4,096   2.30 KB         4.5
 Q6_K          1          768     630 B       6.562
 F32           1            7      28 B          32

                     exact           about
───────────────────────────────────────────
 tensors                 4
 parameters          4,871   4.87 K params
 bytes (as stored)   2,962         2.96 KB

 FLOPs and activations can't be counted from weights alone. To count a model,
 name a module, such as net.py:Net, hf:PATH or timm:NAME.
"""


def test_the_largest_are_shown_and_sorted_by_what_is_stored(files):
    out = convcost("cost", "m.safetensors", "--top", "1").out
    assert "The top 1 of 4" in out
    lines = convcost("cost", "m.safetensors", "--format", "csv", "--top", "2").out.splitlines()
    assert lines[0] == "name,dtype,shape,params,bytes"
    assert lines[1] == 'layers.2.up.weight,BF16,"[8, 4]",32,64'
    assert len(lines) == 3


def test_files_are_compared_with_each_other_and_with_designs(files):
    found = library.compare("a = m.safetensors", "m.gguf", "Linear(4, 4)")
    assert [report.name for report in found.candidates] == ["a", "m", "Linear"]
    assert found.ratio("flops", found.candidates[1]) is None
    out = convcost("compare", "a = m.safetensors", "m.gguf").out
    assert "m has 70.6× the parameters of a, in 19.5× the bytes." in out
    assert "FLOPs" not in out.partition("m has")[0]
    assert (
        json.loads(convcost("compare", "m.gguf", "Linear(4, 4)", "--json").out)["candidates"][0]["flops"]
        is None
    )


def test_a_configuration_guards_what_is_stored(files):
    (files / "convcost.toml").write_text('[entries.w]\nmodel = "m.gguf"\nparams = 4871\nmax_bytes = "3 KB"\n')
    assert convcost("check", "--update")[0] == 0
    assert convcost("check")[0] == 0
    (files / "convcost.toml").write_text('[entries.w]\nmodel = "m.gguf"\nmax_flops = "1M"\n')
    assert "flops: m.gguf contains only weights, which can't be run" in convcost("check").err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--device", "a100"), "--device: m.gguf contains only weights, which can't be run"),
        (("--time",), "--time: m.gguf contains only weights, which can't be run"),
        (("--memory",), "--memory needs a torch module that runs; m.gguf is a file of weights"),
        (("--backward",), "--backward needs a torch module that runs; m.gguf is a file of weights"),
        (("--counters", "all"), "--counters: m.gguf contains only weights, which can't be run"),
        (("--input", "f32[1,3]"), "m.gguf contains only weights, so it takes no input"),
        (("--arg", "width=2"), "m.gguf contains only weights, so it takes no arguments"),
    ],
)
def test_what_needs_a_run_is_refused(files, options, message):
    assert refused("cost", "m.gguf", *options).startswith(message)


def test_an_index_has_the_tensors_of_all_its_files(folder):
    parts = {"a-1.safetensors": {"x": ("F16", [3], 6)}, "a-2.safetensors": {"y": ("F8_E4M3", [2, 2], 4)}}
    for name, tensors in parts.items():
        (folder / name).write_bytes(safetensors(tensors))
    index = folder / "a.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": "a-1.safetensors", "y": "a-2.safetensors"}}))
    assert library.cost("a.safetensors.index.json").params == 7
    for weight_map, message in (
        ({"z": "a-1.safetensors"}, "a.safetensors.index.json is damaged: none of its files has 'z'"),
        ({"x": "a-3.safetensors"}, "there is no file a-3.safetensors (did you mean a-"),
        ({"x": "../a-1.safetensors"}, "its weight_map names a file that is not in the same folder"),
        ({"x": 1}, "its weight_map names a file that is not in the same folder"),
        ([], "a.safetensors.index.json contains no tensors"),
    ):
        index.write_text(json.dumps({"weight_map": weight_map}))
        assert message in refused("cost", "a.safetensors.index.json")


def test_the_parts_of_a_gguf_model_are_counted_together(folder):
    (folder / "a-00001-of-00002.gguf").write_bytes(gguf({"x": ("F32", [3])}))
    assert "there is no file a-00002-of-00002.gguf" in refused("cost", "a-00001-of-00002.gguf")
    (folder / "a-00002-of-00002.gguf").write_bytes(gguf({"y": ("F16", [5])}))
    assert library.cost("a-00001-of-00002.gguf").params == 8


def test_a_gguf_file_may_be_of_the_other_byte_order(folder):
    (folder / "a.gguf").write_bytes(gguf({"x": ("F32", [3, 2])}, order=">"))
    assert library.cost("a.gguf").tensors == (StoredTensor("x", "F32", (2, 3), 24),)


def load_report(path):
    """The report of a file, without what the library does around it."""
    load = gguf_source.load if path.endswith(".gguf") else safetensors_source.load
    return load(path, {}).report(NO_INPUTS)


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def entry(**changed):
    return json.dumps({"x": {**ENTRY, **changed}}).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is truncated, or is not a safetensors file: its header is incomplete"),
        (
            struct.pack("<Q", 2**60) + b"{}",
            "is truncated, or is not a safetensors file: its header is incomplete",
        ),
        (raw_safetensors(b"{"), "is damaged, or is not a safetensors file: its header is not JSON"),
        (raw_safetensors(b"[" * 100_000), "its header is not JSON"),
        (raw_safetensors(b"[]"), "contains no tensors"),
        (raw_safetensors(b"{}"), "contains no tensors"),
        (raw_safetensors(b"3"), "is damaged: its header is not a JSON object"),
        (
            raw_safetensors(b'{"x": 1}'),
            "is damaged: the entry of 'x' needs a dtype, a shape and data_offsets",
        ),
        (raw_safetensors(entry(shape=[-1])), "the entry of 'x' needs a dtype, a shape and data_offsets"),
        (raw_safetensors(entry(shape=[2**70])), "the entry of 'x' needs a dtype, a shape and data_offsets"),
        (raw_safetensors(entry(shape=[1] * 100)), "the entry of 'x' needs a dtype, a shape and data_offsets"),
        (
            raw_safetensors(entry(dtype="\x1b[31m")),
            "the entry of 'x' needs a dtype, a shape and data_offsets",
        ),
        (raw_safetensors(entry(shape=[3])), "the size in bytes of 'x' does not match its shape"),
        (raw_safetensors(entry(data_offsets=[8, 0])), "the size in bytes of 'x' does not match its shape"),
        (
            raw_safetensors(entry(data_offsets=[8, 16])),
            "bytes between its tensors belong to no tensor",
        ),
        (raw_safetensors(entry()), "is truncated: its tensors take 8 bytes, but only 0 are there"),
        (raw_safetensors(entry()[:-1] + b", " + entry()[1:], bytes(8)), "two tensors have the same name"),
        (
            raw_safetensors(
                json.dumps({"x": ENTRY, "y": {**ENTRY, "data_offsets": [4, 12]}}).encode(), bytes(12)
            ),
            "two of its tensors overlap",
        ),
    ],
)
def test_a_damaged_safetensors_file_is_refused_in_a_sentence(folder, data, message):
    (folder / "a.safetensors").write_bytes(data)
    found = refused("cost", "a.safetensors")
    assert found.startswith("a.safetensors")
    assert message in found
    assert found.count("\n") == 1


HEAD = b"GGUF" + struct.pack("<IQQ", 3, 1, 0)
ONE_PAIR = b"GGUF" + struct.pack("<IQQ", 3, 0, 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is truncated, or is not a GGUF file"),
        (b"GGML" + bytes(20), "a.gguf is not a GGUF file"),
        (
            b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
            "of version 1; only versions 2 and 3 can be read",
        ),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0),
            "is damaged, or too large: 1,152,921,504,606,846,976 tensors",
        ),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60), "is damaged, or too large: 0 tensors"),
        (gguf({}), "contains no tensors"),
        (ONE_PAIR + struct.pack("<Q", 2**60), "a name of 1,152,921,504,606,846,976 bytes"),
        (ONE_PAIR + pair(b"k", 8, struct.pack("<Q", 2**60)), "is truncated"),
        (ONE_PAIR + pair(b"k", 99, b""), "metadata of an unknown type, 99"),
        (ONE_PAIR + pair(b"k", 9, struct.pack("<IQ", 8, 2**60)), "is truncated"),
        (ONE_PAIR + pair(b"k", 9, struct.pack("<IQ", 4, 2**60)), "is truncated"),
        (ONE_PAIR + pair(b"k", 9, struct.pack("<IQ", 9, 1) * 50), "metadata of an unknown type, 9"),
        (ONE_PAIR + pair(b"general.alignment", 4, struct.pack("<I", 0)), "an alignment of 0 bytes"),
        (HEAD + tensor_info(b"x", [1] * 9, 0, 0), "'x' has 9 dimensions"),
        (HEAD + tensor_info(b"x", [2**40, 2**40], 0, 0), "'x' has an impossible size"),
        (HEAD + tensor_info(b"x", [100], 12, 0), "'x' has an impossible size"),
        (HEAD + tensor_info(b"x", [4], 999, 0), "'x' has an unknown type, 999"),
        (
            HEAD + tensor_info(b"x", [4], 0, 0),
            "is truncated: its tensors take 16 bytes, but only 0 are there",
        ),
        (HEAD + tensor_info(b"x", [4], 0, 2**50), "bytes between its tensors belong to no tensor"),
        (HEAD + text(b"x" * 2_000), "a name of 2,000 bytes"),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 2, 0) + tensor_info(b"x", [4], 0, 0) * 2 + bytes(64),
            "two of its tensors overlap",
        ),
    ],
)
def test_a_damaged_gguf_file_is_refused_in_a_sentence(folder, data, message):
    (folder / "a.gguf").write_bytes(data)
    found = refused("cost", "a.gguf")
    assert found.startswith("a.gguf")
    assert message in found
    assert found.count("\n") == 1


@pytest.mark.parametrize("whole", [safetensors(SMALL), gguf(QUANTIZED, PAIRS)], ids=["safetensors", "gguf"])
def test_a_file_that_is_cut_off_anywhere_is_refused(whole, folder):
    name = "a.gguf" if whole.startswith(b"GGUF") else "a.safetensors"
    for size in range(len(whole)):
        (folder / name).write_bytes(whole[:size])
        with pytest.raises(ConvcostError):
            load_report(name)


@settings(max_examples=300)
@given(data=st.data())
@pytest.mark.parametrize("whole", [safetensors(SMALL), gguf(QUANTIZED, PAIRS)], ids=["safetensors", "gguf"])
def test_no_changed_bytes_end_in_anything_but_a_message(whole, tmp_path_factory, data):
    """Bytes changed, put in or taken out: a report of what the file then says, or a sentence."""
    name = "a.gguf" if whole.startswith(b"GGUF") else "a.safetensors"
    place = data.draw(st.integers(0, len(whole)))
    put, taken = data.draw(st.binary(max_size=12)), data.draw(st.integers(0, 12))
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(whole[:place] + put + whole[place + taken :])
    try:
        report = load_report(str(path))
    except ConvcostError as error:
        message = str(error)
    else:
        message = ""
        assert 0 <= report.bytes <= path.stat().st_size
    assert len(message) < 1_000


def test_a_large_header_is_read_and_a_larger_one_is_refused(folder):
    many = {f"layers.{number}.weight": ("U8", [0], 0) for number in range(20_000)}
    (folder / "a.safetensors").write_bytes(safetensors(many))
    assert len(library.cost("a.safetensors").tensors) == 20_000
    (folder / "b.safetensors").write_bytes(raw_safetensors(b" " * 2**25))
    assert "the header is larger than 16 MiB" in refused("cost", "b.safetensors")


def test_names_from_a_file_are_escaped(folder):
    (folder / "a.safetensors").write_bytes(safetensors({"\x1b[31mred\n<b>": ("F32", [1], 4)}))
    for output in ("table", "markdown", "html", "latex", "csv"):
        assert "\x1b" not in convcost("cost", "a.safetensors", "--format", output).out


def test_the_sizes_of_blocks_are_those_of_llama_cpp():
    constants = pytest.importorskip("gguf.constants")
    expected = {int(kind): (kind.name, *sizes) for kind, sizes in constants.GGML_QUANT_SIZES.items()}
    assert expected.items() <= BLOCKS.items()


def test_what_the_libraries_write_is_read(folder):
    gguf_library, numpy = pytest.importorskip("gguf"), pytest.importorskip("numpy")
    writer = gguf_library.GGUFWriter("a.gguf", "llama")
    writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
    kind = gguf_library.GGMLQuantizationType.Q4_0
    quantized = gguf_library.quants.quantize(numpy.zeros((4, 64), numpy.float32), kind)
    writer.add_tensor("x", quantized, raw_dtype=kind)
    writer.add_tensor("y", numpy.zeros(3, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert [tensor[1:] for tensor in library.cost("a.gguf").tensors] == [
        ("Q4_0", (4, 64), 144),
        ("F32", (3,), 12),
    ]
    pytest.importorskip("safetensors.numpy").save_file(
        {"x": numpy.zeros((2, 3), numpy.float16)}, "b.safetensors"
    )
    assert library.cost("b.safetensors").tensors == (StoredTensor("x", "F16", (2, 3), 12),)


def test_a_filter_that_no_tensor_has_names_what_is_near(folder):
    (folder / "w.safetensors").write_bytes(safetensors(SMALL))
    out = convcost("model", "w.safetensors", "--filter", "weigth").out
    assert "No tensor has 'weigth' in its name or dtype (did you mean weight?)." in out


def test_the_largest_are_tensors(folder):
    (folder / "w.safetensors").write_bytes(safetensors(SMALL))
    assert (
        "The top 1 of 4 tensors has 46.4% of the parameters"
        in convcost("model", "w.safetensors", "--top", "1").out
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("match", "[1,8] -> Linear(8,X)", "w.safetensors", "--vary", "X"), "a match needs FLOPs: w.safe"),
        (("match", "w.safetensors", "[1,8] -> Linear(8,X)", "--vary", "X"), "a match needs FLOPs: w.safe"),
        (("sweep", "w.safetensors", "--over", "B=1:4"), "a sweep needs FLOPs: w.safetensors"),
    ],
)
def test_what_needs_flops_says_why_weights_will_not_do(folder, arguments, message):
    (folder / "w.safetensors").write_bytes(safetensors(SMALL))
    assert refused(*arguments).startswith(message)
