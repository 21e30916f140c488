"""A result as one HTML page that loads nothing and runs no script.

`content.py` chooses the sections of a `ReportPage` (`page.py`), `figures.py` draws its charts, and
`template.py` writes it with the templates in `templates/`, tables of `render/html.py` and formulas of
`render/mathml.py`.
"""
