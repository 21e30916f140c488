"""The notebook among the examples runs, and shows tables, formulas and charts."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("altair")

NOTEBOOK = Path(__file__).parents[1] / "examples" / "designs.ipynb"


@pytest.fixture(scope="module")
def outputs():
    """What each code cell that shows something shows, by type."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {cell.source.splitlines()[-1]: output.data for cell in cells for output in cell.outputs}


def test_it_is_kept_without_outputs():
    assert not any(cell.get("outputs") for cell in nbformat.read(NOTEBOOK, as_version=4).cells)


def test_a_comparison_is_a_table(outputs):
    html = outputs["comparison"]["text/html"]
    assert "<table" in html
    assert "1,966,080" in html


@pytest.mark.parametrize("cell", ["comparison.plot()", "mixing.plot()"])
def test_a_plot_is_a_chart(outputs, cell):
    assert "vega" in str(outputs[cell])
    assert "FLOPs" in str(outputs[cell])


def test_formulas_are_formulas(outputs):
    assert outputs["conv.flops"]["text/plain"] == "12*B*E**2*L"
    assert outputs["report.flops"]["text/plain"] == "2048*T**2 + 6291456*T"
