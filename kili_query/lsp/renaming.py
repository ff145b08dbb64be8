"""A job or a category renamed in all searches that name it."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from attrs import field, frozen
from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from kili_query.ast.walk import matches_pattern
from kili_query.diagnostics import Edit
from kili_query.errors import KiliQueryError
from kili_query.lint import FoundSearch, Unreadable, lint_paths
from kili_query.lsp.documents import Document, name_of, suffix_of
from kili_query.ontology import Ontology
from kili_query.ontology.did_you_mean import spell
from kili_query.ontology.named import WrittenName, written_names
from kili_query.wording import listed

_MOST = 5


class RenameError(KiliQueryError):
    """A name that cannot be renamed."""


@frozen
class RenameTarget:
    """What is renamed: a job or a category, by its key or by its display name, as it is written at the cursor.

    Attributes:
        name: as it stands at the cursor.
        meaning: the key of the job, and of the category if it is one; names as written where the ontology has none.
        range: where it stands.
    """

    name: WrittenName
    meaning: tuple[str, ...]
    range: types.Range

    @property
    def text(self) -> str:
        """The name as it stands at the cursor, without quotes."""
        assert self.name.text is not None  # a pattern is not renamed
        return self.name.text


@frozen
class Renaming:
    """The edits of all files.

    Attributes:
        edits: by file, in the order in which they were read.
        left: the places of patterns and sums over jobs that match the name among others: they stay.
        unread: files that could not be read.
    """

    edits: list[tuple[Document, list[types.TextEdit]]] = field(factory=list)
    left: list[str] = field(factory=list)
    unread: list[str] = field(factory=list)

    def told(self) -> str | None:
        """What a person should know beside the edits."""
        parts = []
        if self.left:
            parts.append(f"not changed, because they match several names: {listed(self.left, _MOST)}")
        if self.unread:
            parts.append(f"not read: {listed(self.unread, _MOST)}")
        return "; ".join(parts) or None


def name_at(document: Document, position: types.Position) -> tuple[WrittenName, types.Range] | None:
    """The name of a job or category at a place."""
    found = document.at(position)
    if found is None:
        return None
    names = [one for one in written_names(found.search.text) if one.span.start <= found.offset <= one.span.end]
    return None if not names else (names[-1], document.range(found.search, names[-1].span))


def target_at(document: Document, position: types.Position, ontology: Ontology | None) -> RenameTarget:
    """What a rename at a place would rename.

    Raises:
        RenameError: there is no name of one job or category.
    """
    found = name_at(document, position)
    if found is None:
        raise RenameError("there is no job or category here: put the cursor on the name of one")
    name, place = found
    meaning = _meaning(name, ontology)
    if meaning is None:
        raise RenameError("this names several things: put the cursor on the name of one job or category")
    return RenameTarget(name, meaning, place)


def _meaning(name: WrittenName, ontology: Ontology | None) -> tuple[str, ...] | None:
    """What a name means, by keys; None if it is a pattern or means several things."""
    if name.text is None:
        return None
    known = _known(name, ontology)
    if known:
        return known[0] if len(known) == 1 else None
    job = name.job.pieces
    if len(job) > 1:
        return None
    return job if name.kind == "job" else (*job, name.text)


def _known(name: WrittenName, ontology: Ontology | None) -> list[tuple[str, ...]]:
    if ontology is None:
        return []
    return [(job,) for job in name.jobs(ontology)] if name.kind == "job" else list(name.pairs(ontology))


def read_name(text: str) -> str:
    """The new name as a person types it, with the quotes of a query or without.

    Raises:
        RenameError: it is empty.
    """
    name = text.strip()
    if name.startswith('"'):
        with suppress(ValueError):  # otherwise the quote is part of the name
            name = str(json.loads(name))
    if not name:
        raise RenameError("the new name is empty")
    return name


def rename(
    target: RenameTarget, new: str, documents: Iterable[Document | Unreadable], ontology: Ontology | None
) -> Renaming:
    """Rename in all documents.

    Raises:
        RenameError: the new name is taken, or a place cannot be edited; nothing is changed then.
    """
    name = read_name(new)
    _refuse_taken(target, name, ontology)
    renaming = Renaming()
    refused: list[str] = []
    for document in documents:
        if isinstance(document, Unreadable):
            renaming.unread.append(str(document))
            continue
        edits: list[types.TextEdit] = []
        for search in document.searches:
            for place, edit in _edits(target, name, document, search, renaming.left, ontology):
                if edit is None:
                    refused.append(place)
                else:
                    edits.append(edit)
        if edits:
            renaming.edits.append((document, edits))
    if refused:
        raise RenameError(
            f"nothing was renamed, because `{spell(name)}` cannot be put in place at {listed(refused, _MOST)}: "
            "the text is spelled with escapes, or the name needs quotes there"
        )
    return renaming


def _edits(
    target: RenameTarget, name: str, document: Document, search: FoundSearch, left: list[str], ontology: Ontology | None
) -> Iterator[tuple[str, types.TextEdit | None]]:
    """The edit of each place that names the target, with the place in words."""
    for one in written_names(search.text):
        if one.kind != target.name.kind:
            continue
        if one.text == target.text and _meaning(one, ontology) == target.meaning:
            yield _place(search, one), document.edit(search, Edit(one.span, spell(name)))
        elif (
            target.meaning in _known(one, ontology)
            and one.text in (None, target.text)
            and not matches_pattern(one.written.pieces, name)  # as `*` does
        ):
            left.append(_place(search, one))


def _place(search: FoundSearch, name: WrittenName) -> str:
    line, column = search.place.source.position(search.place.span(name.span).start)
    return f"{search.place.source.name}:{line}:{column}"


def _refuse_taken(target: RenameTarget, name: str, ontology: Ontology | None) -> None:
    if ontology is None or name == target.text:
        return
    job = ontology.jobs.get(target.meaning[0])
    if target.name.kind == "job":
        is_taken, where = job is not None and name in ontology.jobs, "the ontology"
    else:
        keys = {} if job is None else job.categories
        is_taken, where = target.meaning[1] in keys and name in keys, f"the job `{target.meaning[0]}`"
    if is_taken:
        raise RenameError(f"{where} has `{name}` already, which is another {target.name.kind}")


def workspace_documents(
    opened: Sequence[Document], folders: Sequence[str], encoding: str
) -> Iterator[Document | Unreadable]:
    """The documents that are open, as they are in the editor, then the other files below some folders."""
    yield from opened
    seen = {os.path.realpath(path) for document in opened if (path := _path(document.uri)) is not None}
    for name, items in lint_paths(folders):
        yield from (one for one in items if isinstance(one, Unreadable))
        search = next((one for one in items if isinstance(one, FoundSearch)), None)
        suffix = suffix_of(uri := from_fs_path(name) or name)
        if search is not None and suffix is not None and os.path.realpath(name) not in seen:
            yield Document(uri, suffix, (search.cell or search.place).source.text, None, encoding)


def _path(uri: str) -> str | None:
    """The file of a document; of a cell, the notebook."""
    parts = urlsplit(uri)
    return to_fs_path(parts._replace(scheme="file", fragment="").geturl()) if parts.scheme else name_of(uri)
