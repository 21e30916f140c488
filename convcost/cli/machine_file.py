"""This machine as a device: its measured figures are in a file in the user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_ISREG

from convcost.benchmark.machine import Machine, describe_outdated, machine_text, parse_machine
from convcost.cli.output import print_error
from convcost.core.errors import UsageError
from convcost.devices.device_table import normalized_name
from convcost.devices.names import OWN, THIS
from convcost.system.files import read_text, write_text

MEASURE_HINT = "Measure it: convcost devices --measure"


def is_this_machine(name: str) -> bool:
    """Whether `name` means this machine."""
    return normalized_name(name) in OWN


def read_machine(name: str = THIS, threads: int = 0, on: str = "") -> Machine:
    """The last measurement, or that `on` the CPU or GPU; UsageError if there is none yet.

    Differences from the current settings, or from `threads` unless 0, are printed on stderr.
    """
    places = tuple(place for place in OWN[normalized_name(name)] if not on or place == on)
    paths = [path for place in places if _exists(path := machine_path(place))]
    if not paths:
        raise UsageError(
            f"this machine has not been measured yet, so {name} has no figures", hint=MEASURE_HINT
        )
    machine = max(map(_read, paths), key=lambda machine: machine.measured)
    if differences := _describe_differences(machine, threads):
        print_error(f"{differences}\n{MEASURE_HINT}")
    return machine


def write_machine(machine: Machine) -> Path:
    """Write the figures, and return their path; UsageError if they can't be written."""
    path = machine_path(machine.on)
    write_text(path, machine_text(machine))
    return path


def check_place(on: str) -> None:
    """UsageError if the file can't be written, or is not a machine file."""
    path = machine_path(on)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} can't be created: {error.strerror}", hint=FOLDER_HINT) from None
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{path.parent} can't be written to", hint=FOLDER_HINT)
    if _exists(path):
        _read(path)


FOLDER_HINT = "Set XDG_CACHE_HOME to use another folder."


def machine_path(on: str) -> Path:
    """The path of the figures of the CPU or the GPU."""
    return cache_folder() / f"{THIS}-{on}.json"


def cache_folder() -> Path:
    """convcost's folder in the user's cache folder: in XDG_CACHE_HOME, or else the system's default."""
    from platformdirs import user_cache_path

    try:
        return user_cache_path("convcost", appauthor=False, opinion=False)
    except RuntimeError:
        raise UsageError("there is no home folder", hint=FOLDER_HINT) from None


def _exists(path: Path) -> bool:
    """Whether the file exists; UsageError if it can't be read, or is not a regular file."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}", hint=FOLDER_HINT) from None
    if not S_ISREG(found.st_mode):
        raise UsageError(f"{path} is not a file", hint=FOLDER_HINT)
    return True


def _read(path: Path) -> Machine:
    return parse_machine(read_text(path), str(path))


def _describe_differences(machine: Machine, threads: int) -> str:
    from convcost.benchmark.settings import torch_version_and_threads

    version, usual = torch_version_and_threads()
    return describe_outdated(machine, version, threads or usual)
