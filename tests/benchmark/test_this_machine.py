"""`convcost devices --measure` and `--device this`: what is kept, found again, and refused."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from cli_runner import PLAIN, convcost, refused
from example_timings import MACHINE

from convcost.benchmark import peaks
from convcost.benchmark.machine import machine_text, parse_machine
from convcost.cli import machine_file as machines
from convcost.core.errors import UsageError

NOW = replace(MACHINE, torch=torch.__version__, threads=torch.get_num_threads())

SHOWN = """\
 device  Toy CPU
 name    this
 kind    this machine, cpu

                    figure             exact   ridge (FLOPs/B)
───────────────────────────────────────────────────────────────
 bandwidth       10.0 GB/s    10,000,000,000
 float32     100.0 GFLOP/s   100,000,000,000              10.0

 bandwidth: copy of 128 MiB, read and written, the fastest round, interquartile
 range 1.00%
 float32: product of two matrices of 512 x 512, the fastest round,
 interquartile range 2.00%
 Measured 2026-11-23 10:00 UTC with torch {torch} on 1 thread.
 Bandwidth counts every byte read and every byte written.
 Copies within 1 MiB, which a cache may hold: 100.0 GB/s.
 Copies within 4 MiB, which a cache may hold: 50.0 GB/s.
 Overhead of a call: a layer 5.00 µs, a convolution 10.0 µs, a grouped
 convolution 50.0 µs.
 Noise: the rounds of these calls spread by up to 5.00%.
 float16 was skipped: more than 100 times slower than float32.

"""

UNKNOWN = (
    "this machine has not been measured yet, so this has no figures\nMeasure it: convcost devices --measure\n"
)


@pytest.fixture
def measuring(monkeypatch):
    """What measuring was asked for; it takes no time."""
    asked = []

    def measure(on, threads, announce):
        asked.append((on, threads))
        announce("calls")
        return replace(NOW, threads=threads or NOW.threads)

    monkeypatch.setattr(peaks, "measure_machine", measure)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return asked


def keep(caches, machine=NOW, on="cpu"):
    caches.mkdir(parents=True, exist_ok=True)
    path = caches / f"this-{on}.json"
    path.write_text(machine if isinstance(machine, str) else machine_text(machine))
    return path


def test_what_is_measured_is_kept_and_shown(measuring, caches):
    path = caches / "this-cpu.json"
    assert convcost("devices", "--measure", "--threads", "1") == (
        0,
        SHOWN.format(torch=torch.__version__),
        f"convcost: measuring calls\nconvcost: saved to {path}\n",
    )
    assert measuring == [("cpu", 1)]
    assert parse_machine(path.read_text(), "") == replace(NOW, threads=1)
    assert [*caches.iterdir()] == [path]


def test_it_is_a_device_like_any_other(caches):
    keep(caches)
    [this, h100] = json.loads(convcost("devices", "this", "h100", "--json").out)["devices"]
    assert (this["name"], this["peaks"], h100["name"]) == ("this", {"float32": 100 * 10**9}, "h100-sxm")
    assert (this["overheads"]["convolution"], h100["overheads"]) == (1e-5, {})
    assert convcost("devices", "This").out == convcost("devices", "this-cpu").out


def test_the_latest_measurement_is_this_machine(caches):
    keep(caches)
    keep(caches, replace(NOW, on="cuda", name="Toy GPU", measured="2026-11-24 10:00 UTC"), "cuda")
    assert "Toy GPU" in convcost("devices", "this").out
    assert "Toy CPU" in convcost("devices", "this-cpu").out


def test_least_times_are_those_of_a_cache_that_holds_what_is_moved(caches):
    keep(caches)
    outcome = convcost(*PLAIN, "--device", "this")
    assert outcome.err == ""
    assert " this from cache, float32      dense       conv   conv ÷ dense\n" in outcome.out
    assert " lower bound                 6.62 µs    19.7 µs          2.97×\n" in outcome.out
    assert " overhead of calls           5.00 µs    20.0 µs          4.00×\n" in outcome.out
    assert " this, float32" in convcost("layer", "linear", "4000", "4000", "--device", "this").out


def test_times_on_the_cpu_are_beside_what_the_cpu_does(caches, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    keep(caches, replace(NOW, on="cuda", measured="2026-11-24 10:00 UTC"), "cuda")
    assert refused(*PLAIN, "--device", "this", "--time") == UNKNOWN
    assert "no figures" in refused(*PLAIN, "--device", "this-cuda", "--time", "--on", "cpu")


@pytest.mark.parametrize("command", [PLAIN, ("layer", "linear", "8", "8"), ("model", "torch.nn:Identity")])
def test_without_a_measurement_this_machine_is_unknown(command):
    assert refused(*command, "--device", "this") == UNKNOWN
    assert refused("devices", "this") == UNKNOWN


def test_a_measurement_of_other_circumstances_is_used_but_said(caches):
    keep(caches, replace(NOW, torch="1.0", threads=99))
    outcome = convcost(*PLAIN, "--device", "this")
    assert outcome.code == 0
    assert outcome.err == (
        f"convcost: this was measured with torch 1.0, but this is {torch.__version__}; on 99 threads, "
        f"but this uses {torch.get_num_threads()}\nMeasure it: convcost devices --measure\n"
    )


@pytest.mark.parametrize(
    "text", ["", "{}", '{"schema": "convcost-machine/9"}', '{"schema": "convcost-machine/1"}']
)
def test_another_s_file_is_refused_and_left_as_it_is(text, caches, measuring):
    path = keep(caches, text)
    for command in (("devices", "this"), ("devices", "--measure"), (*PLAIN, "--device", "this")):
        message = refused(*command)
        assert message.startswith(f"{path} ")
        assert message.endswith("\nRemove it, and write a new one with convcost devices --measure.\n")
    assert (path.read_text(), measuring) == (text, [])


def test_a_folder_that_can_t_be_made_is_refused_before_measuring(caches, measuring):
    caches.parent.write_text("")
    assert refused("devices", "--measure") == (
        f"{caches} can't be created: Not a directory\nSet XDG_CACHE_HOME to use another folder.\n"
    )
    assert measuring == []


def test_a_folder_that_is_read_only_is_refused_before_measuring(caches, measuring, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert refused("devices", "--measure") == (
        f"{caches} can't be written to\nSet XDG_CACHE_HOME to use another folder.\n"
    )
    assert measuring == []


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_refused_and_not_read(make, caches, measuring):
    caches.mkdir(parents=True)
    path = caches / "this-cpu.json"
    make(path)
    for command in (("devices", "this"), ("devices", "--measure")):
        assert refused(*command) == f"{path} is not a file\nSet XDG_CACHE_HOME to use another folder.\n"
    assert measuring == []


def test_a_folder_that_may_not_be_looked_into_is_said(caches, monkeypatch):
    def stat(path, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", stat)
    with pytest.raises(UsageError, match=r"this-cpu\.json can't be read: Permission denied"):
        machines.read_machine()


def test_a_user_without_a_home_is_told_where_else_to_keep_it(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(UsageError, match=r"no home folder\nSet XDG_CACHE_HOME to use another"):
        machines.cache_folder()


def test_a_measurement_that_is_cut_short_leaves_the_last_one(caches, monkeypatch):
    path = keep(caches)
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        machines.write_machine(replace(NOW, name="Other"))
    assert parse_machine(path.read_text(), "") == NOW
    assert [*caches.iterdir()] == [path]


@pytest.mark.parametrize("option", [("--on", "cpu"), ("--threads", "2")])
def test_how_to_measure_is_for_measuring(option):
    assert refused("devices", *option) == "--on and --threads need --measure\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
@pytest.mark.parametrize(
    ("caches", "expected"),
    [("/x", Path("/x")), ("x/y", Path.home() / ".cache"), ("", Path.home() / ".cache")],
)
def test_caches_are_where_xdg_has_them_if_that_is_absolute(caches, expected, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", caches)
    assert machines.cache_folder() == expected / "convcost"


def test_caches_are_in_the_home_folder_if_xdg_says_nothing(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    if sys.platform == "linux":
        assert machines.cache_folder() == Path("/home/someone/.cache/convcost")
