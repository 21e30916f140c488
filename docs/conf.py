"""Sphinx's configuration: `python -m sphinx -W -b html docs docs/_build`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from sphinx.ext.napoleon.docstring import GoogleDocstring  # noqa: E402

from convcost import __version__  # noqa: E402
from docs.reference_pages.write import write_pages  # noqa: E402

project = "convcost"
author = "The convcost authors"
copyright = author  # noqa: A001  # Sphinx's name
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "man", "pictures", "reference_pages", "static"]

autodoc_typehints = "description"
autodoc_default_options = {"members": True, "inherited-members": "tuple", "member-order": "bysource"}
autodoc_mock_imports: list[str] = []

nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!convcost\.[A-Z]).*")]
"""Only references to public names must resolve."""

GoogleDocstring._parse_attribute_docstring = GoogleDocstring._consume_to_end  # type: ignore[method-assign]
"""A colon in the first line of a property belongs to the sentence; it does not follow a type."""

html_theme = "furo"
html_title = "convcost"
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sphinx = False

write_pages()
