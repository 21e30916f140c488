"""Specs: `parse` makes a `Spec` from text, which makes networks and reports from values for its sizes."""

from convcost.spec.spec import HasSizeNames, Spec, check_names, parse

__all__ = ["HasSizeNames", "Spec", "check_names", "parse"]
