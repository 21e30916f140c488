"""Python objects by a file or a module and a name: `net.py:Net`, `package.module:factory`."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from os.path import isfile, realpath
from pathlib import Path
from pkgutil import iter_modules
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from convcost.core.errors import UsageError, did_you_mean
from convcost.tracing.origin import NOT_A_MODEL, check_module
from convcost.tracing.user_error import fault

PLACE = re.compile(r"\s*(?:(?P<label>[A-Za-z_]\w*)\s*=)?\s*(?P<source>.+):(?P<name>[A-Za-z_][\w.]*)\s*", re.S)
"""The language of designs has no colon outside quotes, and no design ends in a quote that is still open."""

LARGEST_SOURCE = 2**24
"""The bytes of the largest Python file: 16 MiB."""

FORM = "Write it as path/to/file.py:Name or as package.module:Name."


class Place(NamedTuple):
    """Where an object is: a file's path or a module's dotted name, and the object's name in it."""

    source: str
    name: str
    label: str = ""

    @property
    def is_file(self) -> bool:
        """Whether the source is a file's path."""
        return self.source.endswith(".py") or "/" in self.source or "\\" in self.source

    @property
    def folder(self) -> Path:
        """The folder that it is imported from: a file's, or the one that the file's package is in."""
        if not self.is_file:
            return Path.cwd()
        folder = Path(realpath(self.source)).parent
        while (folder / "__init__.py").is_file() and folder != folder.parent:
            folder = folder.parent
        return folder

    def __str__(self) -> str:
        return f"{self.source}:{self.name}"


def is_place(text: str) -> bool:
    """Whether `text` names an object, `SOURCE:NAME`, or at least a file: no design does."""
    return bool(PLACE.fullmatch(text)) or text.rstrip().endswith(".py")


def parse_place(text: str) -> Place:
    """The place that `text` names, `[LABEL =] SOURCE:NAME`."""
    found = PLACE.fullmatch(text)
    if not found:
        raise UsageError(f"{text.strip()[:80]} does not say what to take from it", hint=FORM)
    return Place(found["source"].strip(), found["name"], found["label"] or "")


def load(place: Place) -> Any:
    """The object at `place`, from where its folder is `importable`; raises TargetError or UsageError."""
    if not place.is_file:
        check_module(place.source)
    try:
        module = _from_file(place) if place.is_file else import_module(place.source)
    except BaseException as error:
        if isinstance(error, UsageError):
            raise
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and not place.is_file and _is_missing(place.source, missing):
            raise _missing(place.source, missing) from None
        hint = _install(missing) if missing and not _is_there(missing) else ""
        raise fault(f"{place.source} could not be imported", error, hint) from None
    found: Any = module
    for name in place.name.split("."):
        if not hasattr(found, name):
            raise _unknown(place, module)
        found = getattr(found, name)
    return found


def _from_file(place: Place) -> ModuleType:
    path = Path(place.source)
    if path.exists() and (not isfile(path) or path.stat().st_size > LARGEST_SOURCE):
        kind = f"larger than {LARGEST_SOURCE // 2**20} MiB" if isfile(path) else "not a regular file"
        raise UsageError(f"{str(path)[:200]} is {kind}", hint=FORM)
    if not isfile(path):
        near = did_you_mean(path.name, (file.name for file in path.parent.glob("*.py") if isfile(file)))
        raise UsageError(f"there is no file {str(path)[:200]}{near}", hint=FORM)
    parts = path.resolve().with_suffix("").relative_to(place.folder).parts
    if len(parts) > 1 and all(map(str.isidentifier, parts)) and parts[0] not in NOT_A_MODEL:
        module = import_module(".".join(parts))
        if _is_of(module, path):
            return module
    return _executed(path, "_".join(parts).replace(".", "_"))


def _executed(path: Path, name: str) -> ModuleType:
    """The file as a module, under another name if that is taken; once, for what runs twice may not work."""
    found = sys.modules.get(name)
    if name in NOT_A_MODEL or (found and not _is_of(found, path)):
        name = f"_{name}_file"
        found = sys.modules.get(name)
    if found and _is_of(found, path):
        return found
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{str(path)[:200]} is not a Python file", hint=FORM)
    sys.modules[name] = module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_of(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and path.samefile(str(file))


def _is_missing(wanted: str, name: str | None) -> bool:
    """Whether the module called `name`, which is missing, is `wanted` or one it is in."""
    return name is not None and (wanted == name or wanted.startswith(f"{name}."))


DISTRIBUTIONS = {"cv2": "opencv-python", "PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml"}
"""What is installed under another name than it is imported by."""


def _missing(source: str, missing: str) -> UsageError:
    """That a package is not installed, or has no such module."""
    package, _, name = missing[:80].rpartition(".")
    if package:
        near = did_you_mean(name, _modules_in(package))
        return UsageError(f"{package} has no module {name}{near}", hint=FORM)
    message = f"there is no module {source[:80]}"
    return UsageError(message, hint=_install(missing))


def _is_there(module: str) -> bool:
    return module.partition(".")[0] in sys.modules


def _install(module: str) -> str:
    top = module.partition(".")[0]
    return f"If it is a package, install it: pip install {DISTRIBUTIONS.get(top, top)[:40]}"


def _modules_in(package: str) -> list[str]:
    return [module.name for module in iter_modules(getattr(sys.modules.get(package), "__path__", ()))]


def _unknown(place: Place, module: ModuleType) -> UsageError:
    """That there is no such name, and which there are."""
    own = [name for name, value in vars(module).items() if _is_offered(value, module)]
    near = did_you_mean(place.name, own)
    shown = () if near and len(own) > MOST_SHOWN else own
    has = f"It has {', '.join(shown[:MOST_SHOWN])}{', …' if shown[MOST_SHOWN:] else ''}." if shown else ""
    return UsageError(f"{place.source} has no {place.name[:80]}{near}", hint=has)


MOST_SHOWN = 12


def _is_offered(value: Any, module: ModuleType) -> bool:
    """Whether it is a class, a function or a torch module that belongs to the file, or to the package."""
    if isinstance(value, type | FunctionType):
        home, name = str(value.__module__), module.__name__
        is_inside = hasattr(module, "__path__") and home.startswith(f"{name}.")
        return (home == name or is_inside) and not value.__name__.startswith("_")
    return hasattr(value, "named_modules")
