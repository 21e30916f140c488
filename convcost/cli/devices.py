"""`convcost devices`: the catalogue of devices, and the measurement of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from convcost.cli.estimates import parse_threads
from convcost.cli.machine_file import check_place, is_this_machine, read_machine, write_machine
from convcost.cli.options import ConfigOption, OnOption, OutputOptions, ThreadsOption
from convcost.cli.output import print_error, print_result
from convcost.core.errors import UsageError, did_you_mean
from convcost.devices.catalogue import Catalogue
from convcost.devices.device import Device
from convcost.devices.names import THIS
from convcost.gate.devices import read_devices
from convcost.render.devices import DeviceList


def devices(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Devices to show (default: all); a single one is shown in full."
        ),
    ] = None,
    vendor: Annotated[
        str, typer.Option("--vendor", metavar="NAME", help="Only devices of this vendor, such as nvidia.")
    ] = "",
    kind: Annotated[
        str, typer.Option("--kind", metavar="gpu|cpu|tpu|npu", help="Only devices of this kind.")
    ] = "",
    config: ConfigOption = "",
    measure: Annotated[
        bool,
        typer.Option(
            "--measure", help="Measure this machine, and show it; it is then the device called this."
        ),
    ] = False,
    on: OnOption = "",
    threads: ThreadsOption = "",
    *,
    output: OutputOptions,
) -> None:
    """List devices with their memory, bandwidth and peak FLOP/s.

    A single device is shown with the source of each figure. Define your own in [tool.convcost.devices.NAME]
    of pyproject.toml, or in [devices.NAME] of convcost.toml.

    \b
    Examples:
      convcost devices --vendor amd
      convcost devices h100
    """
    format_name = output.format_for(DeviceList)
    if measure:
        names = [*(names or ()), _measure(on, threads)]
    elif on or threads:
        raise UsageError("--on and --threads need --measure")
    every = read_devices(config)
    found = _named_devices(every, names, parse_threads(threads)) if names else every.devices
    whose = "none of these devices" if names else "no device"
    found = _filter_devices(found, "vendor", vendor, whose)
    found = _filter_devices(found, "kind", kind, whose)
    print_result(DeviceList(found, in_full=len(names or ()) == 1), format_name)


def _named_devices(every: Catalogue, names: list[str], threads: int) -> tuple[Device, ...]:
    """The devices with these names, without duplicates; this machine as measured with `threads`."""
    named = (
        read_machine(name, threads).device if is_this_machine(name) else every.named(name) for name in names
    )
    return tuple({device.name: device for device in named}.values())


def _measure(on: str, threads: str) -> str:
    """Measure this machine and return its name; progress and the file's path go to stderr."""
    from convcost.benchmark.hardware import select_device
    from convcost.benchmark.peaks import measure_machine

    where = select_device(on)
    check_place(where)
    number = parse_threads(threads)
    path = write_machine(measure_machine(where, number, lambda text: print_error(f"measuring {text}")))
    print_error(f"saved to {path}")
    return f"{THIS}-{where}"


def _filter_devices(devices: tuple[Device, ...], what: str, wanted: str, whose: str) -> tuple[Device, ...]:
    """The devices with this vendor or kind; UsageError if there are none, which starts with `whose`."""
    if not wanted:
        return devices
    known = tuple(dict.fromkeys(getattr(device, what) for device in devices))
    found = tuple(device for device in devices if getattr(device, what).lower() == wanted.lower())
    if not found:
        near = did_you_mean(wanted, known)
        message = f"{whose} has the {what} {wanted[:40]}{near}"
        raise UsageError(message, hint=f"Choose from {_join_names(known)}.")
    return found


def _join_names(known: Iterable[str]) -> str:
    return ", ".join(known)[:200]
