"""Text → Network. `parse` reads a spec once; a `Spec` takes sizes as often as one likes."""

from convcost.spec.spec import BATCH_LIKE, HasSizeNames, Spec, check_names, parse

__all__ = ["BATCH_LIKE", "HasSizeNames", "Spec", "check_names", "parse"]
