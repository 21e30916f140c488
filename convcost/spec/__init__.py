"""Text → Network. `parse` reads a spec once; a `Spec` takes sizes as often as one likes."""

from convcost.spec.spec import Named, Spec, check_names, parse

__all__ = ["Named", "Spec", "check_names", "parse"]
