"""Devices of one's own, in the configuration."""

import tomllib
from pathlib import Path

import pytest
from config_files import DENSE, config_of, config_problems
from jsonschema import Draft202012Validator

from convcost.core.errors import UsageError
from convcost.devices.catalogue import catalogue, device_named
from convcost.gate.config_file import ConfigError
from convcost.gate.devices import read_devices
from convcost.schemas.generate import generate

pytestmark = pytest.mark.usefixtures("folder")

CARD = """\
[devices.my-card]
title = "My Card 3"
aliases = ["card"]
vendor = "Me"
kind = "gpu"
year = 2026
memory = "24 GB"
bandwidth = "1 TB/s"
peaks = { bfloat16 = "100 TFLOP/s", float32 = 50_000_000_000_000 }
source = "its box"
"""


def found(text, name, file="convcost.toml"):
    Path(file).write_text(text)
    return read_devices("").named(name)


def wrong(text):
    """What is wrong with the configuration: lines, keys, messages."""
    Path("convcost.toml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        read_devices("")
    return [tuple(problem[1:]) for problem in refused.value.problems]


def test_a_device_has_all_that_its_table_says():
    card = found(CARD, "My Card")
    assert (card.name, card.title, card.aliases) == ("my-card", "My Card 3", ("card",))
    assert (card.vendor, card.kind, card.year) == ("Me", "gpu", 2026)
    assert (card.memory, card.bandwidth) == (24 * 10**9, 10**12)
    assert card.peaks == {"bfloat16": 10**14, "float32": 5 * 10**13}
    assert card.sources == dict.fromkeys(("memory", "bandwidth", "bfloat16", "float32"), "its box")


def test_it_stands_beside_those_that_come_with_convcost():
    assert found(CARD, "h100") == device_named("h100")
    assert len(read_devices("").devices) == len(catalogue().devices) + 1


def test_without_a_configuration_there_are_those_that_come_with_convcost():
    assert read_devices("") == catalogue()


def test_a_configuration_that_was_named_has_to_be_there():
    with pytest.raises(UsageError, match=r"^none\.toml can't be read"):
        read_devices("none.toml")


def test_it_can_be_in_the_project_s_file():
    text = "[tool.convcost.devices.mine]\nlike = 'a100'"
    assert found(text, "mine", "pyproject.toml").peaks == device_named("a100").peaks


def test_it_can_be_like_another_but_for_some_figures():
    mine = found(
        "[devices.mine]\nlike = 'h100-sxm'\nbandwidth = '2.6 TB/s'\n"
        "peaks.bfloat16 = '10 cores x 2 GHz x 8 FLOP'",
        "mine",
    )
    h100 = device_named("h100")
    assert mine.peaks == {**h100.peaks, "bfloat16": 160 * 10**9}
    assert (mine.bandwidth, mine.memory, mine.kind) == (2_600_000_000_000, h100.memory, "gpu")
    assert (mine.title, mine.aliases) == ("mine", ())
    assert mine.derivations == {"bfloat16": "10 cores x 2 GHz x 8 FLOP"}
    assert mine.sources["bandwidth"] == mine.sources["bfloat16"] == "convcost.toml"
    assert mine.sources["float8"] == f"as h100-sxm: {h100.sources['float8']}"


def test_it_can_be_like_one_stated_before_it():
    text = f"{CARD}[devices.two]\nlike = 'card'\nmemory = '48 GB'"
    assert (found(text, "two").bandwidth, found(text, "two").memory) == (10**12, 48 * 10**9)


def test_it_shadows_one_of_the_same_name_whatever_that_one_is_called():
    mine = found("[devices.H100_SXM]\nlike = 'h100'\nbandwidth = '3 TB/s'", "h100")
    assert mine.bandwidth == 3 * 10**12
    assert read_devices("").named("NVIDIA H100 80GB HBM3") == mine
    assert len(read_devices("").devices) == len(catalogue().devices)


TERA = 'Write it as "312 TFLOP/s", or as "40 cores x 2.3 GHz x 64 FLOP".'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("devices = 3", [(1, "devices", "must be a table of tables, not a number")]),
        (
            "[devices.a]\nlike = 'a100'\nbandwith = '1 TB/s'",
            [(3, "devices.a.bandwith", "unknown key (did you mean bandwidth?)")],
        ),
        (
            "[devices.a]\nlike = 'a100'\nfloat32 = '1 TFLOP/s'",
            [(3, "devices.a.float32", "unknown key\nWrite it as peaks.float32, or in the table peaks.")],
        ),
        (
            "[devices.a]\nlike = 'a101'",
            [
                (
                    2,
                    "devices.a.like",
                    "no device is called a101 (did you mean a10?)\nList all devices with convcost devices.",
                )
            ],
        ),
        (
            "[devices.a]\nlike = 'a100'\n\n[devices.a.peaks]\nbfloat = '1 TFLOP/s'",
            [(5, "devices.a.peaks.bfloat", "unknown key (did you mean bfloat16?)")],
        ),
        (
            "[devices.a]\nlike = 'a100'\npeaks = { float16 = '1 TFLOPS', int8 = '2' }",
            [
                (3, "devices.a.peaks.float16", f"'1 TFLOPS' is not a valid peak\n{TERA}"),
                (3, "devices.a.peaks.int8", f"'2' is not a valid peak\n{TERA}"),
            ],
        ),
        (
            "[devices.a]\nlike = 'a100'\nmemory = 0.5",
            [
                (
                    3,
                    "devices.a.memory",
                    "'0.5' is not a valid memory size\nWrite it as \"80 GB\", or as \"5 stacks x 16 GB\".",
                )
            ],
        ),
        (
            "[devices.a]\nlike = 'a100'\nkind = 'fpga'",
            [(3, "devices.a.kind", "must be one of gpu, cpu, tpu, npu, not fpga")],
        ),
        (
            "[devices.a]\nvendor = 'Me'\nkind = 'gpu'\nbandwidth = '1 TB/s'",
            [(1, "devices.a", 'needs peaks, or else like = "h100"')],
        ),
        (
            "[devices.a]\nlike = 'a100'\nsources.memory = 'x'",
            [(3, "devices.a.sources.memory", "is for a figure that is not given here")],
        ),
        (
            "[devices.'--']\nlike = 'a100'",
            [(1, "devices.--", "a name must have 1 to 64 printable characters, including a letter or digit")],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_line_and_key(text, expected):
    assert wrong(text) == expected


def test_the_schema_of_a_configuration_knows_it():
    schema = Draft202012Validator(generate("config"))
    assert schema.is_valid(tomllib.loads(CARD))
    assert not schema.is_valid(tomllib.loads(CARD.replace("bandwidth", "bandwith")))


def test_a_configuration_of_devices_alone_has_nothing_to_check():
    with pytest.raises(UsageError, match=r"^convcost\.toml has no entries"):
        config_of(CARD)


def test_check_refuses_it_too():
    assert config_problems(DENSE, "[devices.a]\nlike = 'a100'\nyear = -1") == [
        (7, "devices.a.year", "is -1; it must be at least 0")
    ]
    assert config_problems(DENSE, "[devices.a]\nlike = 'a100'\nmemory = 'much'")[0][:2] == (
        7,
        "devices.a.memory",
    )
    assert list(config_of(DENSE, CARD).entries) == ["dense"]


def test_a_peak_may_be_written_as_the_hint_says():
    Path("convcost.toml").write_text("[devices.mine]\nlike = 'a100'\npeaks.float32 = '2 TFLOP/s'\n")
    assert read_devices("").named("mine").peaks["float32"] == 2 * 10**12
