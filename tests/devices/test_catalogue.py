"""The catalogue of devices: complete, without doubles, found by any spelling."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from convcost.core.errors import UsageError
from convcost.devices.catalogue import FILES, Catalogue, catalogue, device_named, read_file
from convcost.devices.device import Device
from convcost.gate.config_tables import DeviceTables
from convcost.gate.validation import find_issues

DEVICES = catalogue().devices
EVERY = pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
MINE = Device("mine", "My Card", "Me", "gpu", 2026, {"float32": 10**12}, 10**11)


@EVERY
def test_every_figure_has_a_source_in_words(device):
    assert set(device.sources) == set(device.figures)
    assert all(len(source.split()) > 2 for source in device.sources.values())


@EVERY
def test_every_peak_is_of_a_source_that_can_be_looked_up(device):
    assert all("https://" in device.sources[dtype] for dtype in device.peaks)


@EVERY
def test_what_is_computed_says_how(device):
    for figure, text in device.derivations.items():
        assert figure in device.figures
        assert " x " in text


def test_every_computed_cpu_peak_says_how():
    for device in DEVICES:
        if device.kind == "cpu":
            assert set(device.derivations) == {"bandwidth", *device.peaks}


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_as_a_configuration_has_to_be(file):
    assert find_issues(read_file(file)["devices"], DeviceTables) == []


@pytest.mark.parametrize("file", FILES)
def test_every_source_of_a_file_is_used(file):
    stated = read_file(file)
    used = {table.get("source") for table in stated["devices"].values()}
    used |= {text for table in stated["devices"].values() for text in table.get("sources", {}).values()}
    assert used - {None} == set(stated["sources"])


def _spellings(device):
    every = (device.name, *device.aliases, device.title)
    return {re.sub("[^a-z0-9]", "", name.lower()) for name in every}


def test_no_two_devices_share_a_name():
    names = Counter(name for device in DEVICES for name in _spellings(device))
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("a100", "a100-sxm-80gb"),
        ("A100_SXM 80GB", "a100-sxm-80gb"),
        ("NVIDIA A100-SXM4-40GB", "a100-sxm-40gb"),
        ("NVIDIA H100 80GB HBM3", "h100-sxm"),
        ("Tesla T4", "t4"),
        ("RTX 4090", "rtx-4090"),
        ("nvidia geforce rtx 3090", "rtx-3090"),
        ("trillium", "tpu-v6e"),
        ("TPUv4", "tpu-v4"),
    ],
)
def test_case_and_punctuation_do_not_matter(spelling, name):
    assert device_named(spelling).name == name


def test_an_unknown_device_is_refused_with_the_near_name():
    with pytest.raises(UsageError) as refused:
        device_named("h1000")
    assert (
        str(refused.value)
        == "no device is called h1000 (did you mean h100?)\nList all devices with convcost devices."
    )


@pytest.mark.parametrize("name", ["", "-", "\x1b[31m", "é" * 1000])
def test_what_is_no_name_is_refused_too(name):
    with pytest.raises(UsageError, match="no device is called"):
        device_named(name)


def test_a_peak_that_there_is_none_of_names_those_that_there_are():
    with pytest.raises(UsageError) as refused:
        device_named("v100").peak("bfloat16")
    assert str(refused.value) == (
        "v100-sxm2-32gb has no peak for bfloat16 (did you mean float16?)\n"
        "Choose from float64, float32, float16."
    )


def test_the_ridge_is_exact():
    h100 = device_named("h100")
    assert h100.ridge("bfloat16") * h100.bandwidth == 989_400_000_000_000
    assert h100.default_dtype == "bfloat16"
    assert device_named("v100").default_dtype == "float16"
    assert device_named("m1").default_dtype == "float32"


def test_the_catalogue_is_read_without_anything_heavy():
    script = (
        "import sys; from convcost.devices.catalogue import catalogue; catalogue()\n"
        "print({'torch', 'sympy', 'rich', 'typer', 'numpy'} & sys.modules.keys())"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def test_a_catalogue_takes_more_devices():
    more = catalogue().extended(MINE)
    assert more.named("My card") is MINE
    assert len(more.devices) == len(DEVICES) + 1
    with pytest.raises(UsageError):
        device_named("mine")


def test_an_added_device_shadows_the_one_of_its_name_and_keeps_the_aliases():
    own = Device("H100 SXM", "Ours", "Me", "gpu", 2026, {"float32": 10**12}, 10**11)
    more = Catalogue(DEVICES).extended(own)
    assert len(more.devices) == len(DEVICES)
    assert more.named("h100-sxm").title == "Ours"
    assert more.named("NVIDIA H100 80GB HBM3") is more.named("h100") is more.named("h100-sxm")
