"""This machine among the devices: its figures are in a file in the user's folder for caches."""

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

MEASURE_HINT = "convcost devices --measure measures it."


def is_this_machine(name: str) -> bool:
    """Whether `name` is this machine's."""
    return normalized_name(name) in OWN


def read_machine(name: str = THIS, threads: int = 0, on: str = "") -> Machine:
    """As it was measured last, or `on` its CPU or GPU; UsageError if it was not measured yet.

    What differs from now, or from `threads` unless it is 0, is printed on stderr.
    """
    places = tuple(place for place in OWN[normalized_name(name)] if not on or place == on)
    paths = [path for place in places if _exists(path := machine_path(place))]
    if not paths:
        raise UsageError(
            f"this machine has not been measured yet, so {name} has no figures", hint=MEASURE_HINT
        )
    machine = max(map(_read, paths), key=lambda machine: machine.measured)
    if differences := _outdated(machine, threads):
        print_error(f"{differences}; {MEASURE_HINT}")
    return machine


def write_machine(machine: Machine) -> Path:
    """Write the figures, and return where they are; UsageError if they can't be written."""
    path = machine_path(machine.on)
    write_text(path, machine_text(machine))
    return path


def check_place(on: str) -> None:
    """UsageError if no file could be written there, or something else is in the way."""
    path = machine_path(on)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} can't be created: {error.strerror}", hint=FOLDER_HINT) from None
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{path.parent} can't be written to", hint=FOLDER_HINT)
    if _exists(path):
        _read(path)


FOLDER_HINT = "XDG_CACHE_HOME names another folder."


def machine_path(on: str) -> Path:
    """Where the figures of the CPU or the GPU are."""
    return cache_folder() / f"{THIS}-{on}.json"


def cache_folder() -> Path:
    """convcost's own among the user's caches: where XDG_CACHE_HOME or else the system has them."""
    from platformdirs import user_cache_path

    try:
        return user_cache_path("convcost", appauthor=False, opinion=False)
    except RuntimeError:
        raise UsageError("there is no home folder", hint=FOLDER_HINT) from None


def _exists(path: Path) -> bool:
    """Whether a file is there; UsageError where nobody can tell, or where it is something else."""
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


def _outdated(machine: Machine, threads: int) -> str:
    from convcost.benchmark.settings import torch_version_and_threads

    version, usual = torch_version_and_threads()
    return describe_outdated(machine, version, threads or usual)
