"""Read an ONNX file without its large tensors."""

from __future__ import annotations

import mmap
import os
import stat
from pathlib import Path
from typing import Any

from convcost.core.errors import UsageError
from convcost.system.files import display_path
from convcost.tracing.sources.file_checks import checked_file
from convcost.tracing.sources.libraries import import_library
from convcost.tracing.sources.onnx_files.graph import InvalidModelError, OnnxGraph
from convcost.tracing.sources.onnx_files.graph_reader import read_graph
from convcost.tracing.sources.onnx_files.wire_format import DamagedFileError, without_large_values


def read_onnx(path: Path) -> OnnxGraph:
    """The graph in an ONNX file; UsageError if it can't be read or counted."""
    checked_file(str(path))
    onnx = import_library("onnx", path.name, "'convcost[onnx]'")
    display_name = display_path(path)
    model = onnx.ModelProto()
    try:
        _parse(model, _graph_bytes(path))
        return read_graph(model)
    except OSError as error:
        raise UsageError(f"{display_name} can't be read: {error.strerror or error}") from None
    except DamagedFileError as error:
        raise UsageError(f"{display_name} is not an ONNX model, or is damaged: {error}") from None
    except InvalidModelError as error:
        raise UsageError(f"{display_name} can't be counted: {error}") from None


def _parse(model: Any, data: bytes) -> None:
    try:
        model.ParseFromString(data)
    except Exception:  # DecodeError of google.protobuf, whose types are not known
        raise DamagedFileError("its protocol buffer can't be parsed") from None


def _graph_bytes(path: Path) -> bytes:
    """The file's bytes without the elements of its large tensors."""
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):  # opening a pipe could block
        raise OSError(0, "it is not a regular file")
    if not found.st_size:
        raise DamagedFileError("the file is empty")
    with (
        open(path, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as data,
    ):
        return without_large_values(data)
