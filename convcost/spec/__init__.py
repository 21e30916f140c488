"""Text → Network. `parse` reads a spec once; a `Spec` takes sizes as often as one likes."""

from convcost.spec.spec import HasSizeNames, Spec, check_names, parse

__all__ = ["HasSizeNames", "Spec", "check_names", "parse"]
