"""`python -m convcost.schemas` writes the schemas that are shipped, beside this file."""

from __future__ import annotations

import json
from pathlib import Path

from convcost.schemas.registry import NAMES, generated


def written(schema: dict[str, object]) -> str:
    """A schema's text."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    folder = Path(__file__).with_name("files")
    for name in NAMES:
        (folder / f"{name}.json").write_text(written(generated(name)), encoding="utf-8")
