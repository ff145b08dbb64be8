"""A search that was found, checked: its diagnostics point into the file."""

from attrs import evolve

from kili_query.diagnostics import Diagnostic, Edit, Help, Label
from kili_query.lint.searches import FoundSearch, Placement
from kili_query.ontology import Ontology
from kili_query.query import check
from kili_query.source import NOWHERE


def check_search(search: FoundSearch, ontology: Ontology | None = None, *, in_file: bool = False) -> list[Diagnostic]:
    """Check a search; its diagnostics are placed where it stands.

    Args:
        search: what was found.
        ontology: with one, the names of jobs and categories are checked too.
        in_file: in a notebook, places are those in the file, not in the cell.

    >>> from kili_query.lint.in_python import find_in_python
    >>> from kili_query.source import Source
    >>> [search] = find_in_python(Source('labels(category_search="J.A.count => 2")', "app.py"))
    >>> print(check_search(search)[0])
    error[KQ002]: unexpected operator `=>`
      --> app.py:1:35
       |
     1 | labels(category_search="J.A.count => 2")
       |                                   ^^ no such operator
       = help: write `>=`
    """
    return place_diagnostics(search, check(search.text, ontology), in_file=in_file)


def place_diagnostics(search: FoundSearch, found: list[Diagnostic], *, in_file: bool) -> list[Diagnostic]:
    """Place the diagnostics of a search where it stands; see `check_search`."""
    placements = [search.place] if search.cell is None or not in_file else [search.place, search.cell]
    for placement in placements:
        found = [_placed(one, placement) for one in found]
    return found


def _placed(found: Diagnostic, place: Placement) -> Diagnostic:
    return evolve(
        found,
        primary=_placed_label(found.primary, place),
        labels=tuple(_placed_label(label, place) for label in found.labels) if place.starts else (),
        help=None if found.help is None else _placed_help(found.help, place),
        source=place.source,
    )


def _placed_label(label: Label, place: Placement) -> Label:
    return label if label.span == NOWHERE else evolve(label, span=place.span(label.span))


def _placed_help(help: Help, place: Placement) -> Help:  # noqa: A002 - the field's own word
    """The help with its edit, if the edit can be made in the file as it is."""
    edit = None if help.edit is None or help.edit.span == NOWHERE else place_edit(help.edit, place)
    return Help(help.text, edit)


def place_edit(edit: Edit, place: Placement) -> Edit | None:
    """Place an edit of a search in the text that spells it; None if the text cannot be edited character by character.

    >>> from kili_query.lint.in_json import find_in_json
    >>> from kili_query.source import Source, Span
    >>> [search] = find_in_json(Source('{"category_search": "J.\\\\u0041"}'))
    >>> place_edit(Edit(Span(0, 1), "K"), search.place), place_edit(Edit(Span(2, 3), "B"), search.place)
    (Edit(span=Span(start=21, end=22), text='K'), None)
    """
    if not place.spells(edit.span) or place.unwritable & set(edit.text):
        return None
    return Edit(place.span(edit.span), edit.text)
