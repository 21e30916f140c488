"""Load Python objects from a file or a module, and check which of them may be called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module, invalidate_caches
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from os.path import isfile
from pathlib import Path
from pkgutil import iter_modules
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from convcost.core.errors import UsageError, did_you_mean, nearest
from convcost.tracing.sources import PREFIXES
from convcost.tracing.target.target import FORM, Place
from convcost.tracing.user_error import is_installed, target_error

MODULES_WITHOUT_MODELS = frozenset({*sys.stdlib_module_names, "__main__", "convcost"})
"""Modules from which no model is loaded: their functions, such as os.system, must not be run."""

REQUIRED = (
    *("torch", "functorch", "torchgen", "triton", "numpy", "sympy", "mpmath", "networkx", "jinja2", "fsspec"),
    *("filelock", "typing_extensions", "markupsafe", "fvcore", "iopath", "msgspec", "yacs", "yaml"),
    *("tqdm", "termcolor"),
    *("tabulate", "PIL", "gmpy2", "flint", "colorama", "portalocker", "parameterized", "rich"),
    *("typer", "convcost"),
)
"""Packages that convcost and torch import, some of them late. The user's files must not hide them."""

PROTECTED = frozenset({*sys.stdlib_module_names, *REQUIRED})

LARGEST_SOURCE = 2**24
"""Size limit of a Python file in bytes: 16 MiB."""

DISTRIBUTIONS = {"cv2": "opencv-python", "PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml"}
"""Distributions whose name differs from that of the module."""

MOST_SHOWN = 12


def check_module_name(source: str) -> None:
    """UsageError for a module of Python's own. A file of the same name has to be given as a path."""
    top = source.partition(".")[0]
    if top in MODULES_WITHOUT_MODELS:
        owner = "convcost's" if top == "convcost" else "Python's"
        hint = f"A file of that name is ./{source.replace('.', '/')}.py."
        raise UsageError(f"{source[:80]} is {owner} own module, not a model", hint=hint)


def check_callable(what: str, found: Any) -> None:
    """UsageError for a function or callable object of Python's own; `what` is its name in the message."""
    _check_origin(what, found)
    call = type(found).__call__
    if isinstance(call, BuiltinFunctionType):  # a user's class may have set __call__ to one of Python's
        _check_origin(what, call)


def _check_origin(what: str, found: Any) -> None:
    origin = _defining_module(found)
    if origin is None or origin.partition(".")[0] in MODULES_WITHOUT_MODELS:
        owner = f"Python's own, from {origin}" if origin else "built into Python or a library"
        hint = "Give a function of your own or of an installed package."
        raise UsageError(f"{what} is {owner}, so it is not run", hint=hint)


def _defining_module(found: Any) -> str | None:
    """The module that defines a function; also for a method or a partial of it."""
    for _ in range(100):
        if isinstance(found, partial):
            found = found.func
        elif hasattr(found, "__func__"):
            found = found.__func__
        else:
            break
    module = getattr(found, "__module__", None)
    return module if isinstance(module, str) else None


class InstalledFinder(MetaPathFinder):
    """Finds protected modules on the original sys.path, without the user's folders."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path = path

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a protected module; ModuleNotFoundError if it is not installed."""
        if path is not None or name not in PROTECTED:
            return None
        found = PathFinder.find_spec(name, self._path, target)
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found


@contextmanager
def importable(folder: Path, is_first: bool = False) -> Iterator[None]:
    """Make modules in `folder` and in the current folder importable in the block.

    Installed packages come first. With `is_first`, as for a file that runs, modules of `folder` come first,
    but never hide packages that torch and Python need. Modules that were imported from another folder are
    hidden if `folder` has one of the same name. In the block, sys.argv has no arguments. sys.path and
    sys.argv are restored afterwards.
    """
    import_module("torch")  # before a file in the folder could hide a module that it needs
    path_before, arguments = sys.path.copy(), sys.argv
    finder = InstalledFinder(path_before)
    sys.argv = arguments[:1]
    sys.meta_path.insert(_finder_position(), finder)
    if is_first:
        sys.path.insert(0, str(folder))
    sys.path += dict.fromkeys((str(folder), str(Path.cwd())))
    hidden = {name: sys.modules.pop(name) for name in [*sys.modules] if _is_shadowed(name, folder)}
    invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.argv = path_before, arguments
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)
        for name, module in hidden.items():
            sys.modules.setdefault(name, module)


def _finder_position() -> int:
    """The position before the finder for sys.path, after those for built-in modules and all others."""
    finders: list[Any] = sys.meta_path
    return finders.index(PathFinder) if PathFinder in finders else 0


def _is_shadowed(name: str, folder: Path) -> bool:
    """Whether the loaded module `name` is not an installed one, and `folder` has another of that name."""
    top = folder / name.partition(".")[0]
    if top.name in PROTECTED:
        return False
    if not (top.with_suffix(".py").is_file() or (top / "__init__.py").is_file()):
        return False
    file = Path(str(getattr(sys.modules[name], "__file__", "")))
    return not file.is_relative_to(folder) and not is_installed(file)


def load(place: Place) -> Any:
    """Load the object at `place`; its folder must be `importable`.

    Raises:
        UsageError: There is no such file, module or name.
        TargetError: The file or module failed on import.
    """
    if not place.is_file:
        check_module_name(place.source)
    try:
        module = _import_file(place) if place.is_file else import_module(place.source)
    except BaseException as error:
        if isinstance(error, UsageError):
            raise
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and not place.is_file and _is_missing(place.source, missing):
            raise _missing_module(place, missing) from None
        hint = _install_hint(missing) if missing and not _is_loaded(missing) else ""
        raise target_error(f"{place.source} could not be imported", error, hint) from None
    found: Any = module
    for name in place.name.split("."):
        if not hasattr(found, name):
            raise _unknown_name(place, module)
        found = getattr(found, name)
    return found


def _import_file(place: Place) -> ModuleType:
    path = Path(place.source)
    if path.exists() and (not isfile(path) or path.stat().st_size > LARGEST_SOURCE):
        kind = f"larger than {LARGEST_SOURCE // 2**20} MiB" if isfile(path) else "not a regular file"
        raise UsageError(f"{str(path)[:200]} is {kind}", hint=FORM)
    if not isfile(path):
        near = did_you_mean(path.name, (file.name for file in path.parent.glob("*.py") if isfile(file)))
        raise UsageError(f"there is no file {str(path)[:200]}{near}", hint=FORM)
    parts = path.resolve().with_suffix("").relative_to(place.folder).parts
    if len(parts) > 1 and all(map(str.isidentifier, parts)) and parts[0] not in MODULES_WITHOUT_MODELS:
        module = import_module(".".join(parts))
        if _is_loaded_from(module, path):
            return module
    return _execute(path, "_".join(parts).replace(".", "_"))


def _execute(path: Path, name: str) -> ModuleType:
    """Execute the file as a module, under another name if `name` is taken. A loaded file is not run again."""
    found = sys.modules.get(name)
    if name in MODULES_WITHOUT_MODELS or (found and not _is_loaded_from(found, path)):
        name = f"_{name}_file"
        found = sys.modules.get(name)
    if found and _is_loaded_from(found, path):
        return found
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        is_model = path.suffix in (".onnx", ".pt2", ".safetensors", ".gguf")
        hint = f"A model file has no names in it: leave out what follows {path.suffix}." if is_model else FORM
        raise UsageError(f"{str(path)[:200]} is not a Python file", hint=hint)
    sys.modules[name] = module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_loaded_from(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and path.samefile(str(file))


def _is_missing(wanted: str, name: str | None) -> bool:
    """Whether the missing module `name` is `wanted` or a parent package of it."""
    return name is not None and (wanted == name or wanted.startswith(f"{name}."))


def _missing_module(place: Place, missing: str) -> UsageError:
    """The error for a package that is not installed, or that lacks the module."""
    package, _, name = missing[:80].rpartition(".")
    if package:
        near = did_you_mean(name, _modules_in(package))
        return UsageError(f"{package} has no module {name}{near}", hint=FORM)
    message = f"there is no module {place.source[:80]}"
    if prefix := nearest(place.source, PREFIXES, cutoff=0.7):
        return UsageError(f"{message} (did you mean {prefix}:{place.name[:80]}?)")
    return UsageError(message, hint=_install_hint(missing))


def _is_loaded(module: str) -> bool:
    return module.partition(".")[0] in sys.modules


def _install_hint(module: str) -> str:
    top = module.partition(".")[0]
    return f"If it is a package, install it: pip install {DISTRIBUTIONS.get(top, top)[:40]}"


def _modules_in(package: str) -> list[str]:
    return [module.name for module in iter_modules(getattr(sys.modules.get(package), "__path__", ()))]


def _unknown_name(place: Place, module: ModuleType) -> UsageError:
    """The error for an unknown name, with the names that exist."""
    own = [name for name, value in vars(module).items() if _is_offered(value, module)]
    near = did_you_mean(place.name, own)
    listed = () if near and len(own) > MOST_SHOWN else own
    has = (
        f"It has {', '.join(listed[:MOST_SHOWN])}{' and more' * (len(listed) > MOST_SHOWN)}."
        if listed
        else ""
    )
    return UsageError(f"{place.source} has no {place.name[:80]}{near}", hint=has)


def _is_offered(value: Any, module: ModuleType) -> bool:
    """Whether it is a class, a function or a torch module that is defined in the file or the package."""
    if isinstance(value, type | FunctionType):
        home, name = str(value.__module__), module.__name__
        is_inside = hasattr(module, "__path__") and home.startswith(f"{name}.")
        return (home == name or is_inside) and not value.__name__.startswith("_")
    return hasattr(value, "named_modules")


def load_formulas(place: Place) -> dict[str, Callable[..., Any]]:
    """The user's formulas at `place`, by full names of operators; UsageError if it is not such a dict."""
    with importable(place.folder, place.is_file):
        found = load(place)
    if not isinstance(found, dict) or not all(map(callable, found.values())):
        hint = 'Write it as {"mylib::scan": lambda x, output, **_: Cost(macs=x.shape[-1])}.'
        raise UsageError(f"{place} is not a dict of formulas by operator", hint=hint)
    for name, formula in found.items():
        check_callable(f"the formula of {str(name)[:80]} in {place}", formula)
    return found
