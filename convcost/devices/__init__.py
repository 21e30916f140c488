"""What hardware can do: peak arithmetic by dtype, memory bandwidth and memory, each with its source."""

from __future__ import annotations

from convcost.devices.catalogue import Catalogue, catalogue, device_named
from convcost.devices.device import Device

__all__ = ("Catalogue", "Device", "catalogue", "device_named")
