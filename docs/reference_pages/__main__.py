"""Write the generated reference pages: `python -m docs.reference_pages`. Sphinx does so at each build."""

from docs.reference_pages.write import write_pages

if __name__ == "__main__":
    write_pages()
