"""Fix the searches in a file, and keep everything else in it byte for byte."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from attrs import field, frozen

from kili_query.diagnostics import Diagnostic, Edit, Severity
from kili_query.errors import KiliQueryError, QueryError
from kili_query.lint.check import place_edit
from kili_query.lint.derived import plain_line_ends
from kili_query.lint.files import decode, find_in_text
from kili_query.lint.searches import FoundSearch, LintItem
from kili_query.ontology import Ontology
from kili_query.ontology.check import MAX_FINDINGS
from kili_query.output_files import replaced
from kili_query.query import check, parse
from kili_query.source import NOWHERE, Span
from kili_query.syntax.lower import lower
from kili_query.verdicts import equivalent

_MOST_ROUNDS = 1000
_NEW = -1
_CHANGED = "{}: not fixed, because it changed while it was checked; run the command again"


class FixError(KiliQueryError):
    """A file whose searches cannot be fixed."""


@frozen
class Fixed:
    """The result of fixing a file.

    Attributes:
        found: the searches in the file as it is now.
        changes: each change, with its place in the file as it was.
        left: each fix that was known but could not be made, with its place and the reason.
    """

    found: Sequence[LintItem]
    changes: list[str] = field(factory=list)
    left: list[str] = field(factory=list)


@frozen
class _Change:
    """A fix, with its offset in the search as it was written."""

    fault: Diagnostic
    edit: Edit
    at: int

    def __str__(self) -> str:
        old, new = self.fault.source.text[slice(*self.edit.span)], self.edit.text
        what = f"replaced `{old}` by `{new}`" if old and new else f"removed `{old}`" if old else f"inserted `{new}`"
        return f"{what} ({self.fault.code}: {self.fault.message})"


@frozen
class _Mended:
    """A search with some fixes.

    Attributes:
        text: the query after the fixes.
        origins: where each character stands in the query as it was; `_NEW` for one that was not there.
        length: of the query as it was.
        placed: the edits of the file that make this query.
        changes: the fixes, in the order in which they were made.
    """

    text: str
    origins: list[int]
    length: int
    placed: list[Edit] = field(factory=list)
    changes: list[_Change] = field(factory=list)


def fix_file(name: str, found: Sequence[LintItem], ontology: Ontology | None = None) -> Fixed:
    """Make the fixes that diagnostics carry, if the query can be parsed and has fewer faults afterwards.

    The fix of a warning is only made if the query keeps its meaning, because the query may be as it was meant.
    The new text is read again before it replaces the file: it must hold exactly the searches that were meant.

    Args:
        name: the file.
        found: everything that was found in it.
        ontology: with one, the names of jobs and categories are checked too.

    Raises:
        FixError: the file cannot be read, or has changed since it was checked.
        WriteError: the file cannot be written.
    """
    checks = _Checks(ontology)
    wanted = _mend_all(found, checks)
    if not wanted:
        return Fixed(found, left=_left(found, checks))
    searches = {at: one for at, one in enumerate(found) if isinstance(one, FoundSearch)}
    file = _File.read(name, searches[min(wanted)])
    kept, after = _kept(found, wanted, file.found_after)
    data = file.encoded(apply_edits(file.text, _placed(kept)))
    if not kept or data is None:
        return Fixed(found, left=_left(found, checks))
    with replaced(name) as new:
        new.file.write(data)
        file.check_unchanged()
    changes = [f"{_where(searches[at], change.at)}: {change}" for at, one in kept.items() for change in one.changes]
    return Fixed(after, changes, _left(after, checks))


def fixes_of(
    found: Sequence[LintItem], ontology: Ontology | None, find_after: Callable[[Sequence[Edit]], Sequence[LintItem]]
) -> list[Edit]:
    """The edits that make the fixes of all searches in a text; see `fix_file`.

    Args:
        found: everything that was found in the text.
        ontology: with one, the names of jobs and categories are checked too.
        find_after: finds what the text holds after some edits.
    """
    kept, _ = _kept(found, _mend_all(found, _Checks(ontology)), find_after)
    return _placed(kept)


class _Checks:
    """The faults of queries; each is checked once, though it may stand in several places, and is looked at again."""

    def __init__(self, ontology: Ontology | None) -> None:
        self._ontology = ontology
        self._known: dict[str, Sequence[Diagnostic]] = {}

    def of(self, text: str) -> Sequence[Diagnostic]:
        if text not in self._known:
            self._known[text] = check(text, self._ontology)
        return self._known[text]


def _mend_all(found: Sequence[LintItem], checks: _Checks) -> dict[int, _Mended]:
    """The searches that have fixes, by their number among what was found."""
    mended = {at: _mend(search, checks) for at, search in enumerate(found) if isinstance(search, FoundSearch)}
    return {at: one for at, one in mended.items() if one.changes}


def _kept(
    found: Sequence[LintItem],
    wanted: dict[int, _Mended],
    find_after: Callable[[Sequence[Edit]], Sequence[LintItem] | None],
) -> tuple[dict[int, _Mended], Sequence[LintItem]]:
    """The searches that can be mended such that the text holds what was meant, and what it holds then."""

    def attempt(mended: Mapping[int, _Mended]) -> Sequence[LintItem] | None:
        after = find_after(_placed(mended))
        meant = [mended[at].text if at in mended else _meaning(one) for at, one in enumerate(found)]
        return after if after is not None and list(map(_meaning, after)) == meant else None

    if (after := attempt(wanted)) is not None:
        return wanted, after
    kept: dict[int, _Mended] = {}  # one of them cannot be made: find out which
    last = found
    for at, one in wanted.items():
        if (tried := attempt({**kept, at: one})) is not None:
            kept[at], last = one, tried
    return kept, last


def _placed(mended: Mapping[int, _Mended]) -> list[Edit]:
    return [edit for one in mended.values() for edit in one.placed]


@frozen
class _File:
    """A file as it was read: its bytes, its byte order mark, and its text in some encoding."""

    name: str
    data: bytes
    mark: bytes
    text: str
    encoding: str

    @classmethod
    def read(cls, name: str, search: FoundSearch) -> "_File":
        """Read the file in which a search was found."""
        try:
            data = Path(name).read_bytes()
            text, mark, encoding = decode(data, Path(name).suffix)
        except (OSError, UnicodeError, SyntaxError, LookupError) as error:
            raise FixError(f"{name}: not fixed: {error}") from error
        file = cls(name, data, mark, text, encoding)
        if plain_line_ends(text) != (search.cell or search.place).source.text:
            raise FixError(_CHANGED.format(name))
        if file.encoded(text) != data:
            raise FixError(f"{name}: not fixed, because text in {encoding} cannot be written back exactly as it was")
        return file

    def encoded(self, text: str) -> bytes | None:
        """Return the bytes of a text, or None if the encoding does not have all of its characters."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeError:  # some encodings raise it for a whole text
            return None

    def found_after(self, edits: Sequence[Edit]) -> list[LintItem] | None:
        """Return what the file would hold after some edits; None if its encoding does not have their characters."""
        data = self.encoded(apply_edits(self.text, edits))
        return None if data is None else list(find_in_text(decode(data, Path(self.name).suffix)[0], self.name))

    def check_unchanged(self) -> None:
        """Refuse to replace a file that was written to since it was read."""
        if Path(self.name).read_bytes() != self.data:
            raise FixError(_CHANGED.format(self.name))


def _meaning(found: LintItem) -> object:
    return found.text if isinstance(found, FoundSearch) else type(found)


def _mend(search: FoundSearch, checks: _Checks) -> _Mended:
    """Make one fix after the other; nothing is kept if the query cannot be parsed at the end."""
    best = state = _Mended(search.text, list(range(len(search.text))), len(search.text))
    faults = checks.of(search.text)
    for _ in range(_MOST_ROUNDS):
        for tried in _attempts(state, faults, search):
            after = checks.of(tried.text)
            is_better = _gravity(after, tried) < _gravity(faults, state) and not _is_unparsed(after)
            if is_better or _is_unparsed(faults):
                state, faults = tried, after
                best = best if _is_unparsed(after) else state
                break
        else:
            break
    return best


def _attempts(state: _Mended, faults: Sequence[Diagnostic], search: FoundSearch) -> Iterator[_Mended]:
    """Yield the search with one more fix each; where more errors may follow, first with the fixes of all."""
    if _errors(faults) >= MAX_FINDINGS:
        together = state
        before = len(state.text) + 1
        for fault in reversed(faults):  # from right to left, so that no other place moves
            edit = _edit(fault)
            if (
                fault.severity is Severity.ERROR
                and edit is not None
                and edit.span.end < before
                and (tried := _with_fix(together, fault, search))
            ):
                together, before = tried, edit.span.start
        yield together
    is_parsed = not _is_unparsed(faults)
    for fault in faults:
        is_error = fault.severity is Severity.ERROR
        if (is_error or (is_parsed and _keeps_meaning(state.text, fault))) and (
            alone := _with_fix(state, fault, search)
        ):
            yield alone


def _keeps_meaning(text: str, fault: Diagnostic) -> bool:
    """Whether a query that can be parsed still means the same after a fix."""
    edit = _edit(fault)
    if edit is None:
        return False
    try:
        before, after = parse(text), parse(apply_edits(text, [edit]))
    except QueryError:
        return False
    return lower(before.tree) == lower(after.tree) or equivalent(before, after).value is True  # may be too large for it


def _edit(fault: Diagnostic) -> Edit | None:
    edit = None if fault.help is None else fault.help.edit
    return None if edit is None or edit.span == NOWHERE else edit


def _is_unparsed(faults: Sequence[Diagnostic]) -> bool:
    return any(fault.code.value.startswith("KQ0") and fault.severity is Severity.ERROR for fault in faults)


def _gravity(faults: Sequence[Diagnostic], state: _Mended) -> tuple[int, int, int]:
    """The number of errors, then of all faults: a fixed error may show a warning that it hid.

    Only so many errors are reported. Then it counts how far they reach in the query as it was.
    """
    errors = _errors(faults)
    reach = _origin(state, max(fault.span.start for fault in faults)) if errors >= MAX_FINDINGS else 0
    return errors, len(faults), -reach


def _errors(faults: Sequence[Diagnostic]) -> int:
    return sum(fault.severity is Severity.ERROR for fault in faults)


def _origin(state: _Mended, at: int) -> int:
    """Return the place in the query as it was of a place in the changed one, or of what follows it."""
    return next((origin for origin in state.origins[at:] if origin != _NEW), state.length)


def _with_fix(state: _Mended, fault: Diagnostic, search: FoundSearch) -> _Mended | None:
    """Return the search with one more fix, or None if the fault has no fix that can be made in the file."""
    edit = _edit(fault)
    if edit is None:
        return None
    start, end = edit.span
    text = state.text[:start] + edit.text + state.text[end:]
    origins = [*state.origins[:start], *[_NEW] * len(edit.text), *state.origins[end:]]
    placed: list[Edit] = []
    for one in _edits(text, origins, len(search.text)):
        moved = place_edit(one, search.place)
        if moved is not None and search.cell is not None:
            moved = place_edit(moved, search.cell)
        if moved is None:
            return None
        placed.append(moved)
    return _Mended(text, origins, state.length, placed, [*state.changes, _Change(fault, edit, _origin(state, start))])


def _edits(text: str, origins: Sequence[int], length: int) -> Iterator[Edit]:
    """The edits that make a text from one of some length.

    >>> [(*edit.span, edit.text) for edit in _edits("aXd", [0, _NEW, 3], 4)]
    [(1, 3, 'X')]
    """
    kept = [(-1, -1), *((at, origin) for at, origin in enumerate(origins) if origin != _NEW), (len(text), length)]
    for (before, old), (behind, new) in pairwise(kept):
        if behind - before > 1 or new - old > 1:
            yield Edit(Span(old + 1, new), text[before + 1 : behind])


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Make edits in a text.

    >>> apply_edits("abc", [Edit(Span(1, 2), "-"), Edit(Span(3, 3), "!")])
    'a-c!'
    """
    for edit in sorted(edits, key=lambda one: one.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _left(found: Sequence[LintItem], checks: _Checks) -> list[str]:
    return [
        f"{_where(one, fault.span.start)}: {fault.code} is left: {_reason(one.text, fault)}"
        for one in found
        if isinstance(one, FoundSearch)
        for fault in checks.of(one.text)
        if fault.help is not None and fault.help.edit is not None
    ]


def _reason(text: str, fault: Diagnostic) -> str:
    if fault.severity is Severity.ERROR or _keeps_meaning(text, fault):
        return "its fix cannot be made in place"
    return "its fix may change which labels match"


def _where(search: FoundSearch, offset: int) -> str:
    line, column = search.place.source.position(search.place.span(Span(offset, offset)).start)
    return f"{search.place.source.name}:{line}:{column}"
