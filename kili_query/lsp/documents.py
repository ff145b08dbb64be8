"""One version of a text that is open in the editor, and the searches in it."""

from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from attrs import field, frozen
from lsprotocol import types
from pygls.uris import to_fs_path

from kili_query.diagnostics import Edit
from kili_query.lint import FoundSearch, LintItem, Unreadable
from kili_query.lint.check import place_edit
from kili_query.lint.derived import plain_line_ends
from kili_query.lint.files import SUFFIXES, find_in_text
from kili_query.lint.in_notebook import CELL_SUFFIX
from kili_query.lint.in_query import QUERY_SUFFIX
from kili_query.lint.searches import mentions_search
from kili_query.lsp.positions import Positions
from kili_query.source import Source, Span

_CELL_SCHEME = "vscode-notebook-cell"
_SUFFIX_OF_LANGUAGE = {
    "kili-query": QUERY_SUFFIX,
    "kq": QUERY_SUFFIX,
    "python": ".py",
    "json": ".json",
    "yaml": ".yaml",
}


def suffix_of(uri: str, language: str | None = None) -> str | None:
    """The suffix that says how to read a text; None if it cannot hold a search.

    >>> suffix_of("file:///a/b.kq"), suffix_of("untitled:Untitled-1", "kili-query"), suffix_of("file:///c.txt")
    ('.kq', '.kq', None)
    """
    parts = urlsplit(uri)
    if parts.scheme == _CELL_SCHEME:
        return CELL_SUFFIX if language in (None, "python") else None
    suffix = PurePosixPath(parts.path).suffix
    return suffix if suffix in SUFFIXES else _SUFFIX_OF_LANGUAGE.get(language or "")


def name_of(uri: str) -> str:
    """What messages call a text: the path of its file."""
    return uri if urlsplit(uri).scheme != "file" else to_fs_path(uri) or uri


@frozen
class PlaceInSearch:
    """A search, and a place in it.

    Attributes:
        search: the search.
        offset: the place, in the text of the search.
    """

    search: FoundSearch
    offset: int


@frozen
class Document:
    """A text, and how it is read.

    Attributes:
        uri: its name in the protocol.
        suffix: says how searches are found in it.
        text: with the line ends as they are.
        version: as the client counts; None for a file that is not open.
        encoding: in which the client counts the characters of a line.
    """

    uri: str
    suffix: str
    text: str = field(repr=False)
    version: int | None = None
    encoding: str = types.PositionEncodingKind.Utf16.value

    @property
    def is_query(self) -> bool:
        """Whether the text as a whole is one query."""
        return self.suffix == QUERY_SUFFIX

    @cached_property
    def positions(self) -> Positions:
        """Converts its offsets."""
        return Positions(Source(plain_line_ends(self.text), name_of(self.uri)), self.encoding)

    @cached_property
    def items(self) -> list[LintItem]:
        """Everything that is found in it; a text that mentions no search is not parsed."""
        if not (self.is_query or mentions_search(self.text)):
            return []
        return list(find_in_text(self.text, name_of(self.uri), self.suffix))

    @property
    def searches(self) -> list[FoundSearch]:
        """The searches in it."""
        return [one for one in self.items if isinstance(one, FoundSearch)]

    @property
    def unread(self) -> list[Unreadable]:
        """What could not be read of it, with reasons."""
        return [one for one in self.items if isinstance(one, Unreadable)]

    def at(self, position: types.Position) -> PlaceInSearch | None:
        """The search at a place; None where there is none."""
        offset = self.positions.offset(position)
        for search in self.searches:
            found = search.inverse(offset)
            if found is not None:
                return PlaceInSearch(search, found)
        return None

    def range(self, search: FoundSearch, span: Span) -> types.Range:
        """The range of a part of a search."""
        placed = search.place.span(span)
        return self.positions.range(placed if search.cell is None else search.cell.span(placed))

    def edit(self, search: FoundSearch, edit: Edit) -> types.TextEdit | None:
        """An edit of a search as one of the text; None if the text does not spell it character by character."""
        placed = place_edit(edit, search.place)
        if placed is not None and search.cell is not None:
            placed = place_edit(placed, search.cell)
        return None if placed is None else types.TextEdit(self.positions.range(placed.span), placed.text)
