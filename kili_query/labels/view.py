"""Base of all label objects: windows on the JSON of a label, which hold no data themselves.

A window finds its JSON through its parent and remembers it. The label counts what replaces parts of its JSON; when that
number has changed, windows look again, so that two windows on one thing always show the same.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

from kili_query.counting.label import CONTENT
from kili_query.errors import MalformedLabelError
from kili_query.labels.errors import EntryIndexError, InvalidMutationError
from kili_query.labels.json_values import copy_of, path_text
from kili_query.labels.label_dict import LabelDict
from kili_query.ontology import Job, Ontology
from kili_query.ontology.decode import kind_of

_NEVER = -1


class View:
    """A window on one part of a label.

    Attributes:
        _parent: the window around this one; None at the root of the content.
        _key: where in the parent's JSON.
        _job: what the interface says about the job that this belongs to; None where the interface has no such job.
    """

    __slots__ = ("_document", "_job", "_key", "_node", "_parent", "_version")

    def __init__(self, document: LabelDict, parent: "View | None", key: str | int, job: Job | None = None) -> None:
        self._document = document
        self._parent = parent
        self._key = key
        self._job = job
        self._version = _NEVER

    @property
    def path(self) -> str:
        """Where in the label this is, as ``jsonResponse.OBJECTS.annotations[0]``."""
        return path_text(self._steps())

    def _steps(self) -> list[str | int]:
        steps: list[str | int] = []
        view: View | None = self
        while view is not None:
            steps.append(view._key)
            view = view._parent
        return steps[::-1]

    def _path_of(self, *keys: str | int) -> str:
        return path_text((*self._steps(), *keys))

    @property
    def _ontology(self) -> Ontology:
        return self._document.ontology

    def _found(self) -> object:
        """Return the JSON of this window as it stands in the parent's; None where there is nothing."""
        if self._parent is None:
            return dict.get(self._document, CONTENT)
        holder = self._parent._raw()
        if isinstance(holder, dict):
            return holder.get(self._key)
        if isinstance(holder, list) and isinstance(self._key, int) and self._key < len(holder):
            entry = holder[self._key]
            if entry is None:
                raise MalformedLabelError("expected an object, found null", self.path)
            return entry
        return None

    def _raw(self) -> object:
        """Return the value that is looked at; each kind of window knows where it stands."""
        raise NotImplementedError  # abstract: no view is made of this class itself

    def _put(self, key: str | int, value: object) -> None:
        """Set one entry, making whatever holds it where it is missing."""
        raise NotImplementedError  # abstract, as above

    def _fill(self, empty: object) -> None:
        """Put something where there is nothing."""
        if isinstance(self._parent, ListView):
            raise InvalidMutationError("this is no longer part of the label", self.path)
        if self._parent is None:
            dict.__setitem__(self._document, CONTENT, empty)
            self._document.version += 1
        else:
            self._parent._put(self._key, empty)

    __hash__ = None  # type: ignore[assignment]  # what changes has no hash


class ObjectView(View):
    """A window on a JSON object."""

    __slots__ = ()

    def _raw(self) -> dict[str, object] | None:
        """Return what is there, to be read."""
        if self._version != self._document.version:
            node = self._found()
            if node is not None and not isinstance(node, dict):
                raise MalformedLabelError(f"expected an object, found {kind_of(node)}", self.path)
            self._node: dict[str, object] | None = node
            self._version = self._document.version
        return self._node

    def _writable(self) -> dict[str, object]:
        """Return what is there, to be changed: made where there is nothing, and no longer shared with the caller."""
        self._document.own(CONTENT)
        node = self._raw()
        if node is None:
            self._fill({})
            node = self._raw()
            assert node is not None
        return node

    def _put(self, key: str | int, value: object) -> None:
        self._writable()[str(key)] = value
        self._document.version += 1

    def _get(self, key: str) -> object:
        """Return the value of a key; None where it is null, missing, or there is no object at all."""
        node = self._raw()
        return None if node is None else node.get(key)

    def as_dict(self) -> dict[str, object]:
        """Return a copy of the JSON, in which nothing is left out."""
        return copy_of(self._raw() or {})  # type: ignore[return-value]  # a dict gives a dict

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and (self._raw() or {}) == (other._raw() or {})

    __hash__ = None  # what changes has no hash

    def __repr__(self) -> str:
        return repr(self._raw() or {})


Entry = TypeVar("Entry")


class ListView(View, Sequence[Entry], Generic[Entry]):
    """A window on a JSON list, whose entries are windows too. It grows, and never shrinks."""

    __slots__ = ()

    _entry_class: Callable[[LabelDict, View, int, Job | None], Entry]

    def _raw(self) -> list[object] | None:
        if self._version != self._document.version:
            node = self._found()
            if node is not None and not isinstance(node, list):
                raise MalformedLabelError(f"expected a list, found {kind_of(node)}", self.path)
            self._node: list[object] | None = node
            self._version = self._document.version
        return self._node

    def _append(self, entry: object) -> None:
        self._document.own(CONTENT)
        if self._raw() is None:
            self._fill([])
        node = self._raw()
        assert node is not None
        node.append(entry)

    def _entry(self, index: int) -> Entry:
        """Return the window on an entry that is there."""
        return self._entry_class(self._document, self, index, self._job)

    def __len__(self) -> int:
        return len(self._raw() or ())

    def __iter__(self) -> Iterator[Entry]:
        return (self._entry(index) for index in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, slice):
            return [self._entry(one) for one in range(len(self))[index]]
        size = len(self)
        if not -size <= index < size:
            raise EntryIndexError(f"no entry {index}, there are {size}", self.path)
        return self._entry(index % size)

    def as_list(self) -> list[object]:
        """Return a copy of the JSON, in which nothing is left out."""
        return copy_of(self._raw() or [])  # type: ignore[return-value]  # a list gives a list

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ListView):
            return type(self) is type(other) and (self._raw() or []) == (other._raw() or [])
        return (self._raw() or []) == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what changes has no hash

    def __repr__(self) -> str:
        return repr(self._raw() or [])
