"""`convcost devices`: what hardware can do."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from cli_runner import convcost, process, refused

from convcost.devices.catalogue import catalogue

pytestmark = pytest.mark.usefixtures("folder")

NAMES = [device.name for device in catalogue().devices]

LISTED = """\
 NVIDIA            memory    bandwidth   bf16 FLOP/s   fp32 FLOP/s   FLOPs/B
─────────────────────────────────────────────────────────────────────────────
 a100-sxm-80gb    80.0 GB    2.04 TB/s       312.0 T        19.5 T       153
 v100-sxm2-32gb   32.0 GB   900.0 GB/s       125.0 T        15.7 T       139

 Google     memory    bandwidth   bf16 FLOP/s   fp32 FLOP/s   FLOPs/B
──────────────────────────────────────────────────────────────────────
 tpu-v5e   16.0 GB   819.0 GB/s       197.0 T             –       241

 Apple   memory   bandwidth   bf16 FLOP/s   fp32 FLOP/s   FLOPs/B
──────────────────────────────────────────────────────────────────
 m1           –   68.3 GB/s             –        2.60 T      38.1

 Peaks are dense, without sparsity. The bf16 peak of a device without bfloat16
 is that of float16.
 FLOPs/B is the ridge point in bf16, or else in fp32: with fewer FLOPs per
 byte, work is memory-bound.
 convcost devices NAME shows every dtype of a device, and the sources of its
 figures.

"""

IN_FULL = """\
 device  AMD EPYC 9654 96-Core Processor
 name    epyc-9654
 kind    AMD, cpu, 2022

                   figure               exact   ridge (FLOPs/B)
────────────────────────────────────────────────────────────────
 bandwidth     460.8 GB/s     460,800,000,000
 float64     3.69 TFLOP/s   3,686,400,000,000              8.00
 float32     7.37 TFLOP/s   7,372,800,000,000              16.0

 bandwidth = 12 channels x 8 B x 4.8 GT/s
 float64 = 96 cores x 2.4 GHz x 16 FLOP
 float32 = 96 cores x 2.4 GHz x 32 FLOP
 bandwidth, float64, float32: AMD EPYC 9654: cores, base clock, memory,
"""


def listed(*arguments):
    return [device["name"] for device in json.loads(convcost("devices", *arguments, "--json").out)["devices"]]


def test_devices_stand_in_a_table_for_each_vendor():
    assert convcost("devices", "a100", "V100", "tpu v5e", "m1").out == LISTED


def test_one_is_shown_in_full_with_derivations_and_sources():
    assert convcost("devices", "epyc-9654").out.startswith(IN_FULL)


def test_all_are_listed():
    assert listed() == NAMES
    lines = convcost("devices").out.splitlines()
    assert [line.split()[0] for line in lines if line.split() and line.split()[0] in NAMES]
    assert max(map(len, lines)) <= 80
    assert all(any(line.startswith(f" {name} ") for line in lines) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_one_in_full_fits_the_screen(name):
    outcome = convcost("devices", name)
    assert outcome.code == 0
    lines = [line for line in outcome.out.splitlines() if not line.startswith(" https://")]
    assert max(map(len, lines)) <= 80


def test_a_device_named_twice_is_listed_once():
    assert listed("h100", "h100-sxm") == ["h100-sxm"]


def test_only_a_vendor_or_a_kind():
    assert listed("--vendor", "google") == ["tpu-v2", "tpu-v3", "tpu-v4", "tpu-v5e", "tpu-v5p", "tpu-v6e"]
    assert listed("--kind", "cpu", "--vendor", "intel") == ["xeon-8380", "xeon-8480", "core-i9-13900k"]
    assert refused("devices", "--vendor", "amx") == (
        "no device has the vendor amx (did you mean AMD?)\n"
        "Choose from NVIDIA, AMD, Intel, Google, Amazon, Apple, Raspberry Pi.\n"
    )
    assert (
        refused("devices", "h100", "--vendor", "google")
        == "none of these devices has the vendor google\nChoose from NVIDIA.\n"
    )


def test_an_unknown_name_is_refused_with_the_near_one():
    hint = "List all devices with convcost devices.\n"
    assert (
        refused("devices", "h100", "rtx4009")
        == f"no device is called rtx4009 (did you mean rtx-4090?)\n{hint}"
    )


def test_csv_has_a_line_for_each_and_a_column_for_each_dtype():
    rows = list(csv.DictReader(StringIO(convcost("devices", "--format", "csv").out)))
    assert [row["name"] for row in rows] == NAMES
    h100 = rows[NAMES.index("h100-sxm")]
    assert (h100["bfloat16"], h100["float4"], h100["bandwidth"]) == ("989400000000000", "", "3350000000000")


def test_json_has_every_figure_exactly_with_its_source():
    [b200] = json.loads(convcost("devices", "b200", "--json").out)["devices"]
    assert b200["peaks"]["bfloat16"] == 2_250_000_000_000_000
    assert b200["ridges"]["bfloat16"] == 2250 / 7.7
    assert set(b200["sources"]) == {"memory", "bandwidth", *b200["peaks"]}


@pytest.mark.parametrize("output_format", ["markdown", "latex", "html"])
def test_every_other_format_has_it_too(output_format):
    out = convcost("devices", "h100", "--format", output_format).out
    assert "H100" in out
    assert "989.4" in out


def test_devices_of_one_s_own_are_listed_with_their_file_as_source():
    Path("pyproject.toml").write_text("[tool.convcost.devices.mine]\nlike = 'a100'\nmemory = '1 GB'\n")
    assert listed()[-1] == "mine"
    assert " memory: pyproject.toml\n" in convcost("devices", "mine").out


def test_what_is_wrong_with_one_s_own_is_pointed_at():
    Path("own.toml").write_text("[devices.mine]\nlike = 'a100'\nmemory = 'much'\n")
    assert refused("devices", "--config", "own.toml") == (
        "own.toml:3: devices.mine.memory: 'much' is not a valid memory size\n"
        '  Write it as "80 GB", or as "5 stacks x 16 GB".\n'
    )


@pytest.mark.parametrize("name", ["this", "This-CPU"])
def test_one_s_own_can_t_be_called_as_this_machine_is(name):
    said = f"{name} is the name of the machine that convcost runs on\n"
    Path("own.toml").write_text(f"[devices.{name}]\nlike = 'a100'\n")
    assert refused("devices", "--config", "own.toml") == f"own.toml:1: devices.{name}: {said}"
    Path("own.toml").write_text(f"[devices.mine]\nlike = 'a100'\naliases = ['{name}']\n")
    assert refused("devices", "--config", "own.toml") == f"own.toml:3: devices.mine.aliases: {said}"


@pytest.mark.parametrize("name", ["mine", "other"])
def test_what_is_like_itself_or_one_below_is_said(name):
    Path("own.toml").write_text(f"[devices.mine]\nlike = '{name}'\n[devices.other]\nlike = 'a100'\n")
    assert refused("devices", "--config", "own.toml") == (
        f"own.toml:2: devices.mine.like: {name} must come before this one\n"
    )


@pytest.mark.parametrize("key", ["device", "machines"])
def test_devices_under_another_key_are_told_the_right_one(key):
    Path("own.toml").write_text(f"[other]\n[{key}.mine]\nlike = 'a100'\n")
    expected = f"own.toml:2: {key}: unknown key (did you mean devices?)\n"
    assert refused("devices", "mine", "--config", "own.toml") == expected


def test_a_figure_of_nothing_is_not_called_missing():
    Path("own.toml").write_text(
        "[devices.mine]\nvendor = 'x'\nkind = 'gpu'\nbandwidth = 0\npeaks = {float32 = 1}\n"
    )
    assert refused("devices", "--config", "own.toml") == (
        "own.toml:4: devices.mine.bandwidth: '0' is not a valid bandwidth\n"
        '  Write it as "2.039 TB/s", or as "8 channels x 8 B x 3.2 GT/s".\n'
    )


def test_what_hides_in_one_s_own_texts_is_shown_as_it_is():
    Path("convcost.toml").write_text(
        '[devices.mine]\nlike = "a100"\ntitle = "a\\u001b[31mb\\nc"\n'
        'vendor = "\\u202e"\nnotes = ["\\u0007"]\n'
    )
    out = convcost("devices", "mine").out
    assert "\x1b" not in out + convcost("devices").out
    assert "a\\x1b[31mb\\nc" in out
    assert "\\u202e, gpu" in out
    assert "\\x07" in out


def test_a_terminal_without_unicode_gets_none():
    outcome = process("devices", PYTHONIOENCODING="ascii")
    assert outcome.code == 0
    assert outcome.out.isascii()
