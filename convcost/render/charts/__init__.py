"""Charts of results: as data, as Vega-Lite, as pictures and as text.

`kinds.py` names the function that makes the `Figure` (`data.py`) of each kind of result; these are in
`figures/`. `vega/` makes a Vega-Lite specification of a figure, with the colours of `theme.py`;
`pictures.py` writes it as a file, `notebook.py` shows it by Altair, and `terminal/` prints a figure as
text for `--plot -`.
"""
