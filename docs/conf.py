"""Sphinx's configuration: `python -m sphinx -W -b html docs docs/_build`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

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
exclude_patterns = ["_build", "man", "pictures", "reference_pages"]

autodoc_typehints = "description"
autodoc_default_options = {"members": True, "inherited-members": "tuple", "member-order": "bysource"}
autodoc_mock_imports: list[str] = []

html_theme = "furo"
html_title = "convcost"
html_static_path: list[str] = []
html_copy_source = False
html_show_sphinx = False

write_pages()
