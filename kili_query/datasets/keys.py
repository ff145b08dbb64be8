"""Keys for the names of a dataset, so that a query can write them without quotes."""

import re

from attrs import define, field

from kili_query.syntax import print_name

_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9]+")
_START = "c_"  # of the keys of names that begin with no letter


@define
class LegalKeys:
    """Gives each name a key that a query can write without quotes.

    A name that is a legal key is its own key. Otherwise each run of other characters becomes ``_``, and a key that does
    not start with a letter gets ``c_`` in front. A key that is taken gets a number.

    >>> keys = LegalKeys()
    >>> [keys.of(name) for name in ("person", "traffic light", "traffic_light", "3D", "信号", "person", "not")]
    ['person', 'traffic_light', 'traffic_light_2', 'c_3D', 'c', 'person_2', 'not_2']
    """

    _taken: set[str] = field(factory=set)

    def of(self, name: str) -> str:
        """Return a new key."""
        base = name if _is_plain(name) else _NOT_IN_KEYS.sub("_", name).strip("_")
        if not base[:1].isalpha():
            base = f"{_START}{base}".rstrip("_")
        key, number = base, 1
        while key in self._taken or not _is_plain(key):
            number += 1
            key = f"{base}_{number}"
        self._taken.add(key)
        return key


def _is_plain(name: str) -> bool:
    return name != "count" and print_name(name) == name  # behind a dot, `count` is a keyword
