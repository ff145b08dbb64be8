"""Diagnostics point into the file."""

import json

from kili_query.diagnostics import Edit
from kili_query.lint import FoundSearch, check_search
from kili_query.lint.in_notebook import find_in_notebook
from kili_query.lint.in_python import find_in_python
from kili_query.ontology import Ontology
from kili_query.source import Source, Span

ONTOLOGY = Ontology.from_json_interface(
    {"jobs": {"J": {"mlTask": "CLASSIFICATION", "content": {"categories": {"CAR": {}, "A\\B": {}}, "input": "radio"}}}}
)


def search_in(text: str) -> FoundSearch:
    [found] = find_in_python(Source(text, "app.py"))
    assert isinstance(found, FoundSearch)
    return found


def test_places_and_edits() -> None:
    [found] = check_search(search_in("category_search = ('J.C' 'A' '.count > 0 AND J.CRA')"), ONTOLOGY)[-1:]
    assert found.source.text[slice(*found.span)] == "CRA"
    assert found.help is not None
    assert found.help.edit == Edit(found.span, "CAR")


def test_no_edit_where_the_text_is_spelled_otherwise() -> None:
    [in_two, escaped] = (
        check_search(search_in(text), ONTOLOGY)[0]
        for text in ("category_search = 'J.C' 'RA'", r"category_search = 'J.CR\x41'")
    )
    for found in (in_two, escaped):
        assert found.help is not None
        assert "`CAR`" in found.help.text
        assert found.help.edit is None


def test_no_edit_that_would_need_escapes() -> None:
    [found] = check_search(search_in("category_search = 'J.é'"))
    assert found.help is not None
    assert found.help.text == 'quote the name: `"é"`'
    assert found.help.edit is None


def test_a_notebook_in_its_file() -> None:
    text = json.dumps({"cells": [{"cell_type": "code", "source": ['f(category_search="J.CRA")']}]})
    [search] = find_in_notebook(Source(text, "nb.ipynb"))
    assert isinstance(search, FoundSearch)
    [in_cell] = check_search(search, ONTOLOGY)
    [in_file] = check_search(search, ONTOLOGY, in_file=True)
    assert (in_cell.source.name, in_cell.position) == ("nb.ipynb:cell 1", (1, 22))
    assert in_file.source.name == "nb.ipynb"
    assert text[slice(*in_file.span)] == "CRA"


def test_the_source_of_a_search_without_findings() -> None:
    search = search_in("category_search = 'J.CAR'")
    assert check_search(search, ONTOLOGY) == []
    assert search.place.span(Span(2, 5)) == Span(21, 24)
