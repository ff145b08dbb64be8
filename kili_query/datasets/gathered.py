"""Datasets whose files do not declare their jobs: all labels are read once to know them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field

from kili_query.datasets.dataset import SOURCE, Content, Dataset, DatasetItem, KnownItem
from kili_query.datasets.recognition import files_of
from kili_query.datasets.vocabulary import Vocabulary
from kili_query.errors import SourceError
from kili_query.ontology import Job
from kili_query.places import Place, Problem, ProblemKind

_INPUT_TYPES = ("VIDEO", "IMAGE", "PDF", "TEXT")
"""The kinds of assets that a dataset may hold together; all of them count as the first of these that is there."""


@define(slots=False)
class GatheredDataset(Dataset):
    """A dataset whose jobs are known once all of it was read.

    Attributes:
        vocabulary: the jobs and categories met so far; a name gets the same key each time the files are read.
    """

    vocabulary: Vocabulary = field(factory=Vocabulary, kw_only=True)
    _is_gathered: bool = field(default=False, init=False)
    _noted: set[Problem] = field(factory=set, init=False)
    _read: set[Place] = field(factory=set, init=False)
    _read_assets: set[str] = field(factory=set, init=False)
    _is_first_reading: bool = field(default=True, init=False)
    _input_types: set[str] = field(factory=set, init=False)

    @property
    def jobs(self) -> Sequence[Job]:
        self._gather()
        return self.vocabulary.jobs()

    @property
    def input_type(self) -> str:
        self._gather()
        return next((one for one in _INPUT_TYPES if one in self._input_types), "IMAGE")

    def own_files(self) -> Sequence[str]:
        """Return the files that have this format.

        Raises:
            SourceError: there is none.
        """
        found = files_of(self.files, self.format)
        if not found:
            raise SourceError(f"`{self.files.path}` has no file of the format `{self.format}`")
        return found

    def note(self, place: Place, reason: str) -> None:
        """Note once what was read in another way than it is written."""
        problem = Problem(place, ProblemKind.MALFORMED, reason)
        if problem not in self._noted:
            self._noted.add(problem)
            self.notes.append(problem)

    def keep(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an annotation keeps, and count it; nothing if it keeps nothing."""
        if self._is_first_reading:
            self.kept.update(kept.keys())
        return {SOURCE: dict(kept)} if kept else {}

    def start_reading(self, place: Place, asset: Mapping[str, Any], label: Mapping[str, Any]) -> None:
        """Count what an asset and a label keep, once for each, however often they are read."""
        self._is_first_reading = place not in self._read
        self._read.add(place)
        if self._is_first_reading:
            self.kept.update(list(label.get(SOURCE, ())))
        self.count_asset(asset)

    def count_asset(self, asset: Mapping[str, Any]) -> None:
        """Count what an asset keeps, once."""
        if asset["id"] not in self._read_assets:
            self._read_assets.add(asset["id"])
            self.kept.update(list(asset.get(SOURCE, ())))

    def _item(
        self,
        asset: Mapping[str, Any],
        label: Mapping[str, Any],
        counted: Content,
        read_content: Callable[[], Content],
        place: Place,
    ) -> DatasetItem:
        """Return the item of a label; what the asset and the label keep is counted when it is read whole."""

        def read() -> Content:
            self.start_reading(place, asset, label)
            return read_content()

        return KnownItem(asset, label, counted, read, place)

    def _gather(self) -> None:
        if not self._is_gathered:
            for _ in self.items():
                pass
            self._is_gathered = True


@define
class UniqueIds:
    """Ids of a label or a dataset, each once.

    >>> ids = UniqueIds()
    >>> [ids.of(one) for one in ("a", 7, "a", None, None)]
    ['a', '7', 'a-2', '1', '2']
    """

    _taken: set[str] = field(factory=set)
    _last: int = 0

    def of(self, wanted: object) -> str:
        """Return an id that is not taken: the one wanted where that is possible, a number if none is wanted."""
        if wanted is None:
            self._last += 1
            while str(self._last) in self._taken:
                self._last += 1
        base = found = str(self._last if wanted is None else wanted)
        number = 1
        while found in self._taken:
            number += 1
            found = f"{base}-{number}"
        self._taken.add(found)
        return found
