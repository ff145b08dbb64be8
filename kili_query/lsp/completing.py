"""Completion in a search, as the protocol has it."""

from collections.abc import Iterator

from lsprotocol import types

from kili_query.diagnostics import Edit
from kili_query.lsp.documents import Document, PlaceInSearch
from kili_query.ontology import Ontology
from kili_query.ontology.complete import Completion, complete

_KINDS = {
    "job": types.CompletionItemKind.Class,
    "category": types.CompletionItemKind.EnumMember,
    "count": types.CompletionItemKind.Property,
    "operator": types.CompletionItemKind.Operator,
    "keyword": types.CompletionItemKind.Keyword,
}
TRIGGERS = (".", "[", '"')
"""Characters after which an editor asks by itself."""


def completions(document: Document, position: types.Position, ontology: Ontology) -> types.CompletionList:
    """Return what could stand at a place, in the order of the ontology.

    The list is narrowed here, by display names too, so an editor has to ask again after each character.
    """
    found = document.at(position)
    items = [] if found is None else list(_items(document, position, found, ontology))
    return types.CompletionList(is_incomplete=True, items=items)


def _items(
    document: Document, position: types.Position, found: PlaceInSearch, ontology: Ontology
) -> Iterator[types.CompletionItem]:
    text = found.search.text
    for number, one in enumerate(complete(text, found.offset, ontology)):
        edit = _edit(document, position, found, one)
        if edit is not None:
            yield types.CompletionItem(
                label=one.text,
                kind=_KINDS[one.kind],
                detail=one.detail or None,
                sort_text=f"{number:06}",
                filter_text=text[one.span.start : found.offset] or one.text,  # it fits, perhaps by its display name
                text_edit=edit,
            )


def _edit(document: Document, position: types.Position, found: PlaceInSearch, one: Completion) -> types.TextEdit | None:
    if found.search.text:
        return document.edit(found.search, Edit(one.span, one.text))
    if found.search.place.unwritable & set(one.text):
        return None
    return types.TextEdit(types.Range(position, position), one.text)  # an empty text has no characters to go by
