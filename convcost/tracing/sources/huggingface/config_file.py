"""Find and read the config.json of a Hugging Face model: in a folder, in the local cache, or on the hub."""

from __future__ import annotations

import json
import re
from os.path import expanduser, isdir, isfile
from pathlib import Path
from typing import Any

from convcost.core.errors import UsageError, did_you_mean

FILE_NAME = "config.json"

LARGEST_FILE = 2**24
"""In bytes: 16 MiB. The labels of 20,000 classes take 1 MiB."""

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)

FORM = "Write it as hf:FOLDER, hf:FOLDER/config.json, or hf:ORGANISATION/NAME."

DOWNLOAD = "Download its config.json and give the file: hf:./config.json."

TIMEOUT = 10
"""Seconds to wait for the hub."""


def read_config(name: str) -> dict[str, Any]:
    """The fields of the configuration at `name`: a file, a folder with a config.json, or a model on the hub.

    No code is run.

    Raises:
        UsageError: There is no such configuration, or it is not a JSON object.
    """
    path = _find(name)
    if path.stat().st_size > LARGEST_FILE:
        raise UsageError(
            f"{_display_name(path)} is larger than {LARGEST_FILE // 2**20} MiB: not a config.json"
        )
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{_display_name(path)} can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise UsageError(f"{_display_name(path)} is not valid JSON: {reason}") from None
    if not isinstance(fields, dict):
        raise UsageError(f"{_display_name(path)} is not a JSON object with the fields of a configuration")
    return fields


def _find(name: str) -> Path:
    path = Path(expanduser(name))
    if isfile(path):
        return path
    if isdir(path):
        return _in_folder(path)
    if name and path.exists():
        raise UsageError(f"{_display_name(path)} is not a regular file", hint=FORM)
    if name.startswith((".", "/", "~")) or name.endswith(".json") or not REPOSITORY.fullmatch(name):
        near = did_you_mean(path.name, (found.name for found in path.parent.glob("*")))
        raise UsageError(f"there is no file or folder {_display_name(path)}{near}", hint=FORM)
    return _from_hub(name)


def _in_folder(folder: Path) -> Path:
    path = folder / FILE_NAME
    if not isfile(path):
        raise UsageError(f"there is no {FILE_NAME} in {_display_name(folder)}", hint=FORM)
    return path


def _from_hub(name: str) -> Path:
    """The file in the local cache, downloaded if it is not there. No other file is downloaded."""
    from huggingface_hub import constants, get_session, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError, RepositoryNotFoundError

    cached = try_to_load_from_cache(name, FILE_NAME)
    if isinstance(cached, str):
        return Path(cached)
    host = constants.ENDPOINT.partition("://")[2]
    try:
        get_session().head(constants.ENDPOINT, timeout=TIMEOUT)  # a download would try five times
        return Path(hf_hub_download(name, FILE_NAME, etag_timeout=TIMEOUT))
    except RepositoryNotFoundError:
        hint = f"A private or gated model needs a login (hf auth login). {DOWNLOAD}"
        raise UsageError(f"{host} has no public model {name}", hint=hint) from None
    except Exception as error:
        if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
            raise UsageError(f"the model {name} has no {FILE_NAME} on {host}") from None
        message = f"{name} is not a folder and not in the local cache"
        raise UsageError(f"{message}, and {host} can't be reached", hint=DOWNLOAD) from None


def _display_name(path: Path) -> str:
    return str(path)[:200]
