"""The dict that a label is: it shares its values with whoever gave it until one is changed, or handed out to be."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from functools import lru_cache

from kili_query.labels.json_values import copy_of
from kili_query.ontology import Ontology

_NO_DEFAULT = object()
_SHAREABLE = frozenset({str, int, float, bool, type(None)})


class LabelDict(dict[str, object]):
    """A label as a dict of its own.

    A value that could be changed in place is copied once, when it is first asked for. What C code reads past these
    methods are the same values, shared or not, so that an encoder writes the whole label.

    Attributes:
        version: a number that grows whenever a part of the content is replaced.
    """

    __slots__ = ("_interface", "_ontology", "_own_keys", "version")

    def __init__(self, label: Mapping[str, object], json_interface: object, input_type: str | None) -> None:
        super().__init__(label)
        self._interface = (json_interface, input_type)
        self._ontology: Ontology | None = None
        self._own_keys: set[str] = set()
        self.version = 0

    @property
    def ontology(self) -> Ontology:
        """The ontology of the interface, decoded when it is first needed."""
        if self._ontology is None:
            self._ontology = ontology_of(*self._interface)
        return self._ontology

    def own(self, key: str) -> None:
        """Copy the value of a key, unless that was done before."""
        if key in self._own_keys:
            return
        self._own_keys.add(key)
        value = dict.get(self, key)
        if type(value) not in _SHAREABLE:
            dict.__setitem__(self, key, copy_of(value))
            self.version += 1

    def __getitem__(self, key: str) -> object:
        value = dict.__getitem__(self, key)
        if type(value) in _SHAREABLE:
            return value
        self.own(key)
        return dict.__getitem__(self, key)

    def __setitem__(self, key: str, value: object) -> None:
        dict.__setitem__(self, key, value)
        self._own_keys.discard(key)
        self.version += 1

    def __delitem__(self, key: str) -> None:
        dict.__delitem__(self, key)
        self.version += 1

    def __iter__(self) -> Iterator[str]:
        return dict.__iter__(self)  # being here, it makes `dict(label)` ask for each value by the methods above

    get = MutableMapping.get  # type: ignore[assignment]  # these go through the methods above and below
    items = MutableMapping.items  # type: ignore[assignment]
    values = MutableMapping.values  # type: ignore[assignment]
    setdefault = MutableMapping.setdefault
    update = MutableMapping.update

    def pop(self, key: str, default: object = _NO_DEFAULT) -> object:
        """Take a key out."""
        if key not in self and default is not _NO_DEFAULT:
            return default
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, object]:
        """Take the last key out."""
        self.own(next(reversed(self), ""))
        self.version += 1
        return dict.popitem(self)

    def __ior__(self, other: Mapping[str, object] | Iterable[tuple[str, object]]) -> "LabelDict":  # type: ignore[override, misc]
        self.update(other)
        return self

    def clear(self) -> None:
        """Take all keys out."""
        dict.clear(self)
        self.version += 1

    def __reduce__(self) -> tuple[type["LabelDict"], tuple[dict[str, object], object, str | None]]:
        return type(self), (copy_of(dict(self.items())), *self._interface)  # type: ignore[return-value]


def ontology_of(json_interface: object, input_type: str | None = None) -> Ontology:
    """Return the ontology; an interface that was decoded recently, and has not changed, is not decoded again.

    Raises:
        OntologyError: the interface has another shape.
    """
    if not isinstance(json_interface, Ontology):
        return _decoded(_Interface(json_interface), input_type)
    if input_type is None or input_type == json_interface.input_type:
        return json_interface
    return Ontology(json_interface.jobs, input_type)


class _Interface:
    """An interface as a key: the same object, as long as nothing in it has changed."""

    __slots__ = ("snapshot", "value")

    def __init__(self, value: object) -> None:
        self.value = value
        self.snapshot: object = None

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Interface) or self.value is not other.value:
            return False
        kept = self if self.snapshot is not None else other
        return bool(kept.snapshot == kept.value)


@lru_cache(maxsize=16)
def _decoded(interface: _Interface, input_type: str | None) -> Ontology:
    interface.snapshot = copy_of(interface.value)
    return Ontology.from_json_interface(interface.value, input_type=input_type)
