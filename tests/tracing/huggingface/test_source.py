"""hf:FOLDER, wherever a module can be named: what it counts, on which inputs, and what it says of them."""

import pytest

pytest.importorskip("transformers", reason="transformers is not installed")

import torch
from cli_runner import convcost, refused
from tracing.huggingface.encoder_configs import ENCODERS, whisper

import convcost as library
from convcost.core.errors import UsageError
from convcost.tracing.declared_inputs import parse_inputs
from convcost.tracing.prompt_inputs import PhaseRequest
from convcost.tracing.sources.huggingface.source import load
from convcost.tracing.sources.interface import SourceReference
from convcost.tracing.target.source_models import source_notes, with_source_model
from convcost.tracing.target.target import Target

pytestmark = pytest.mark.filterwarnings("ignore")

PER_LAYER = 16 * (16 + 2 * 8 + 16) + 3 * 16 * 32
"""Weights of four projections, with two heads of four for keys and values, and of the three of the MLP."""

HEAD = 16 * 50
PARAMS = 3 * (PER_LAYER + 2 * 16) + 16 + 2 * HEAD


def macs(tokens, layers=3):
    return layers * (tokens * PER_LAYER + 2 * tokens**2 * 16) + tokens * HEAD


def test_a_folder_is_counted_on_as_many_tokens_as_it_has_positions(write_config):
    write_config()
    report = library.cost("hf:./small")
    assert (report.name, report.spec, report.dtype) == ("small", "hf:./small", "bfloat16")
    assert (report.params, report.macs) == (PARAMS, macs(64))
    assert report.notes == ("The input input_ids=i64[1,64] is assumed, from the configuration.",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input_ids=i64[1,8] -> hf:small/config.json", macs(8)),
        ("i64[2,8] -> hf:small", 2 * macs(8)),
        ("net = input_ids=i64[1,8] -> hf:./small", macs(8)),
        ("input_ids=i64[1,8], attention_mask=i64[1,8] -> hf:./small", macs(8)),
        ("i64[1,8] -> hf:./small(num_hidden_layers=1)", macs(8, 1)),
        ("i64[1,8] -> hf:./small(num_hidden_layers=9, hidden_act='relu')", macs(8, 9)),
    ],
)
def test_own_inputs_and_changed_fields_are_counted(write_config, text, expected):
    write_config()
    report = library.cost(text)
    assert (report.macs, report.notes) == (expected, ())
    assert report.name == ("net" if text.startswith("net") else "small")


def test_open_sizes_give_formulas(write_config):
    write_config()
    report = library.cost("input_ids=i64[B,T] -> hf:./small")
    assert report.open_names == ("B", "T")
    assert report.subs(B=3, T=20).macs == 3 * macs(20)


@pytest.mark.parametrize(
    ("context", "noted"),
    [
        (256, "input_ids=i64[1,64]"),
        ("T", "input_ids=i64[B,64]"),
        (None, "input_ids=i64[1,64], decoder_input_ids=i64[1,64]"),
    ],
)
def test_of_an_encoder_and_a_decoder_a_context_states_the_input_of_the_decoder(write_config, context, noted):
    fields = {"d_model": 16, "d_ff": 32, "d_kv": 4, "num_layers": 1, "num_heads": 4, "vocab_size": 50}
    write_config(model_type="t5", architectures=["T5ForConditionalGeneration"], **fields)
    notes = library.cost("hf:./small", phase="decode", context=context).notes
    assert notes == (f"The input {noted} is assumed, from the configuration.",)


def test_a_phase_has_the_context_that_is_asked_for(write_config):
    write_config(max_position_embeddings=4096)
    report = library.cost("hf:./small", phase="prefill", context=256)
    assert (report.macs, report.notes) == (macs(256), ())
    assert library.cost("hf:./small", phase="prefill").notes == (
        "The input input_ids=i64[1,128] is assumed, from the configuration.",
    )


def test_a_model_is_taken_in_its_own_dtype_and_head(write_config):
    write_config("other", torch_dtype="float32", architectures=["LlamaForSequenceClassification"])
    report = library.cost("i64[1,8] -> hf:other")
    assert (report.dtype, report.output) == ("float32", (1, 2))


def test_what_differs_from_the_file_is_said(write_config):
    write_config(
        architectures=["OwnForCausalLM"],
        auto_map={"AutoModel": "own.Own"},
        quantization_config={"quant_method": "fp8"},
    )
    assert library.cost("i64[1,8] -> hf:small").notes == (
        "transformers has no OwnForCausalLM for this model: "
        "counted as LlamaForCausalLM (AutoModelForCausalLM).",
        "The model's own code (auto_map) is not run: the class in transformers is counted.",
        "Weights are counted unquantized (the file says fp8).",
    )


def test_code_beside_a_configuration_is_not_run(write_config):
    home = write_config(auto_map={"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Own"})
    (home / "own.py").write_text("raise SystemExit('run')")
    assert library.cost("i64[1,8] -> hf:small").macs == macs(8)


def test_as_many_labels_as_imagenet_has_are_no_problem(write_config):
    write_config(architectures=["LlamaForSequenceClassification"])
    assert library.cost("i64[1,8] -> hf:small(num_labels=21841)").output == (1, 21841)


def test_lists_by_layer_are_cut_to_fewer_layers(write_config):
    write_config(model_type="qwen3", architectures=["Qwen3ForCausalLM"], layer_types=["full_attention"] * 3)
    assert library.cost("i64[1,8] -> hf:small(num_hidden_layers=2)").rows


def test_an_encoder_and_a_decoder_get_inputs_for_as_many_examples(write_config):
    [t5] = [model.config for model in ENCODERS if model.name == "t5-small"]
    write_config("t5", **t5, num_decoder_layers=1)
    report = library.cost("input_ids=i64[B,20] -> hf:t5(num_layers=1, vocab_size=50)", B=3)
    assert report.notes == ("The input decoder_input_ids=i64[B,64] is assumed: the model needs it.",)
    assert report.output == (3, 64, 50)


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("vit-base-16", "pixel_values=[1,3,224,224]"),
        ("clip-vit-b-32", "input_ids=i64[1,77], pixel_values=[1,3,224,224]"),
        ("whisper-tiny", "input_features=[1,80,3000], decoder_input_ids=i64[1,128]"),
        ("wav2vec2-base", "input_values=[1,16000]"),
        ("audio-spectrogram-transformer", "input_values=[1,1024,128]"),
        ("bert-base-uncased", "input_ids=i64[1,128]"),
        ("bart-base", "input_ids=i64[1,128], decoder_input_ids=i64[1,128]"),
        ("llava-1.5-7b", "input_ids=i64[1,128]"),
    ],
)
def test_inputs_follow_from_the_configuration(name, inputs):
    from tracing.huggingface.models import loaded

    assert str(loaded(name)[2]) == inputs


def test_a_command_says_what_it_assumed(write_config):
    write_config()
    result = convcost("model", "hf:./small")
    assert "The input input_ids=i64[1,64] is assumed, from the configuration." in result.out
    assert result.err == ""


def test_a_module_of_transformers_is_profiled_with_and_without_a_cache():
    from tracing.huggingface.conftest import SMALL
    from transformers import LlamaConfig, LlamaForCausalLM

    fields = {name: value for name, value in SMALL.items() if name not in {"model_type", "torch_dtype"}}
    with torch.device("meta"):
        module = LlamaForCausalLM(LlamaConfig(**fields)).eval()
    ids = torch.zeros(1, 8, dtype=torch.long)
    reports = [library.profile(module, input_ids=ids, use_cache=use) for use in (True, False)]
    assert [report.macs for report in reports] == [macs(8)] * 2
    assert [report.output for report in reports] == [(1, 8, 50)] * 2
    assert [output.name for output in reports[1].trace.outputs] == ["logits"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hf:./none", "there is no file or folder none"),
        ("hf:none.json", "there is no file or folder none.json"),
        ("hf:smal/config.json", "there is no file or folder smal/config.json"),
        ("hf:.", "there is no config.json in ."),
        (
            "hf:small(num_hiden_layers=2)",
            "LlamaConfig has no field num_hiden_layers (did you mean num_hidden_layers?)",
        ),
        ("hf:small(model_type='lama')", "has no model type lama (did you mean llama?)"),
        ("hf:small(model_type=3)", "the configuration has no model_type"),
        ("hf:small(num_hidden_layers=10**9)", "num_hidden_layers=10 ** 9 is not a number"),
        (
            "hf:small(num_hidden_layers=1000000000)",
            "num_hidden_layers=1000000000 is too large: convcost builds at most 4096",
        ),
        ("hf:small(hidden_size=1000000000000)", "hf:small(hidden_size=1000000000000) could not be built"),
        (
            "hf:small(num_labels=1000000000)",
            "num_labels=1000000000 is too large: convcost builds at most 1048576",
        ),
        ("hf:small(rope_scaling={'depths': [2, 99999]})", "depths=99999 is too large: convcost builds"),
        ("hf:small(hidden_size='large')", "transformers rejects the configuration: "),
    ],
)
def test_what_can_not_be_built_is_refused_in_a_sentence(write_config, text, message):
    write_config()
    assert message in refused("model", text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "config.json is not valid JSON: Expecting property name"),
        (b"\xff\xfe\x00", "config.json is not valid JSON: "),
        (b"[" * 100_000, "config.json is not valid JSON: it is nested too deeply"),
        (b"[]", "config.json is not a JSON object with the fields of a configuration"),
        (b"{}", "the configuration has no model_type"),
        (b'{"architecture": "resnet50"}', "It is a configuration of timm: timm:resnet50."),
        (b'{"n": ' + b"9" * 5_000 + b"}", "config.json is not valid JSON: Exceeds the limit"),
        (b" " * (2**24 + 1), "config.json is larger than 16 MiB"),
    ],
)
def test_a_broken_file_is_refused_in_a_sentence(folder, content, message):
    (folder / "config.json").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        library.cost("hf:config.json")
    assert message in f"{caught.value} {caught.value.hint}"


def no_network():
    raise OSError("Name or service not known")


def test_a_name_is_looked_for_in_the_cache_and_on_the_hub(folder, monkeypatch):
    monkeypatch.setattr("huggingface_hub.get_session", no_network)
    with pytest.raises(UsageError, match="org/none is not a folder and not in the local cache") as caught:
        library.cost("hf:org/none")
    assert caught.value.hint == "Download its config.json and give the file: hf:./config.json."


def test_a_cached_name_is_read_from_the_cache(write_config, monkeypatch):
    path = str(write_config() / "config.json")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: path)
    assert library.cost("i64[1,8] -> hf:org/small").macs == macs(8)


def test_more_submodules_than_can_be_built_are_refused(write_config, monkeypatch):
    monkeypatch.setattr("convcost.tracing.sources.huggingface.model_class.MOST_SUBMODULES", 20)
    write_config()
    assert "a LlamaForCausalLM has more than 20 submodules" in refused("model", "hf:small")


def test_data_that_the_machine_has_no_memory_for_is_not_made(write_config, monkeypatch):
    write_config()
    model = load("small", {})
    monkeypatch.setattr("os.sysconf", lambda name: 100)
    with pytest.raises(UsageError, match=r"its weights take 0\.0 GB, and this machine has 0\.0 GB"):
        model.make()
    with torch.device("meta"):
        assert next(model.make().parameters()).is_meta


def test_a_missing_library_says_what_to_install(folder, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UsageError, match=r"hf:small needs transformers: pip install 'convcost\[hf\]'"):
        library.cost("hf:small")


GPT2 = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 16, "n_layer": 1, "n_head": 2}
WHISPER = {**whisper(16, 1, 2), "max_target_positions": 64}


@pytest.mark.parametrize(
    ("fields", "inputs", "request_", "note"),
    [
        (GPT2, "i64[1,64]", "decode", "64 positions (max_position_embeddings), and 65 tokens need more."),
        (GPT2, "i64[1,63]", "decode", ""),
        (GPT2, "i64[1,65]", "", "64 positions (max_position_embeddings), and 65 tokens need more."),
        (GPT2, "i64[1,T]", "", "64 positions (max_position_embeddings): the formulas are for no more"),
        (WHISPER, "decoder_input_ids=i64[1,64]", "decode", "64 positions (max_target_positions), and 65"),
        ({}, "i64[1,65]", "", "64 positions (max_position_embeddings): 65 tokens are more than it was"),
        ({}, "i64[1,T]", "", ""),
    ],
)
def test_more_tokens_than_positions_are_said(write_config, fields, inputs, request_, note):
    home = write_config(**fields, **({"n_positions": 64} if fields is GPT2 else {}))
    target = Target(
        SourceReference(str(home), "hf"),
        inputs=parse_inputs([inputs]),
        request=PhaseRequest(request_) if request_ else None,
    )
    notes = [each for each in source_notes(with_source_model(target)) if "positions" in each]
    assert [each.partition("has ")[2].startswith(note) for each in notes] == [True] * bool(note)
