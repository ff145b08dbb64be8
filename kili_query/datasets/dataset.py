"""A dataset of another tool as labels: what every reader gives."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from attrs import define, evolve, field, frozen

from kili_query.counting.label import CONTENT
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.ontology import Job, Ontology, decode
from kili_query.ontology.encode import encode_interface
from kili_query.places import Place, Problem, ProblemKind, Record

if TYPE_CHECKING:
    from kili_query.datasets.files import Files
    from kili_query.datasets.media import MediaFinder

Content: TypeAlias = dict[str, Any]
"""What a label holds, in the shape of a ``jsonResponse``."""

SOURCE = decode.SOURCE
"""The key under which an annotation, a label or an asset keeps what has no counterpart in labels of the platform."""


class DatasetItem(ABC):
    """A label of an asset, or an asset that nobody has labeled.

    Most questions ask how many objects an image holds, never where they are. So an item gives first what counting
    needs, and reads the rest when it is asked for.

    """

    __slots__ = ()

    @property
    def objects(self) -> Sequence[str] | None:
        """The keys of the categories of its objects, if these are all that counts; None where there may be more.

        The content of its label then holds nothing but the job `OBJECTS`, in which each object has one category, a mid
        of its own, and no child jobs.
        """
        return None

    @property
    def files(self) -> "Files | None":
        """Where its image can be measured, if its asset does not say the size."""
        return None

    @property
    @abstractmethod
    def asset(self) -> Mapping[str, Any]:
        """The asset.

        It has ``id`` and ``externalId``, ``resolution`` where the size is known (width and height in pixels), and
        ``content``, the path of its file inside the dataset (see `Files`), where that is there.
        """

    @property
    @abstractmethod
    def label(self) -> Mapping[str, Any] | None:
        """The fields of the label but ``labelOf`` and ``jsonResponse``; None for an asset without label."""

    @property
    @abstractmethod
    def counted(self) -> Content:
        """The content without shapes.

        It has the same jobs, categories, mids and child jobs as the whole, so that every count is the same.
        """

    @property
    @abstractmethod
    def place(self) -> Place:
        """Where it stands, for messages."""

    @abstractmethod
    def read(self) -> Content:
        """Return the whole content. Its annotations keep under ``source`` what has no counterpart.

        Raises:
            MalformedLabelError: its shapes cannot be read, for example because the size of the image is not known.
        """

    def sketch(self) -> dict[str, Any]:
        """Return the label as files of the platform hold it, without shapes."""
        return {**(self.label or {}), "labelOf": self.asset, CONTENT: self.counted}

    def whole(self) -> dict[str, Any]:
        """Return the label as files of the platform hold it.

        Raises:
            MalformedLabelError: its shapes cannot be read, for example because the size of the image is not known.
        """
        return {**(self.label or {}), "labelOf": self.whole_asset(), CONTENT: self.read()}

    def whole_asset(self) -> dict[str, Any]:
        """Return the asset, with the size of its image if that can be read from it."""
        asset = self.asset
        if self.files is None or "content" not in asset or "resolution" in asset:
            return {**asset}
        from kili_query.datasets.media import size_of_image  # when it is needed: streams of labels start without it

        size = size_of_image(self.files, asset["content"])
        resolution = {} if size is None else {"resolution": {"width": size.width_px, "height": size.height_px}}
        return {**asset, **resolution}

    def record(self) -> Record | Problem:
        """Return the whole label with its place, or why it cannot be read."""
        try:
            return Record(self.whole(), self.place)
        except MalformedLabelError as error:
            return Problem(self.place, ProblemKind.MALFORMED, error.message, error.path)


@frozen
class KnownItem(DatasetItem):
    """An item whose fields are at hand when it is made; see `DatasetItem`."""

    asset: Mapping[str, Any]
    label: Mapping[str, Any] | None
    counted: Content
    _read: Callable[[], Content]
    place: Place
    files: "Files | None" = None

    def read(self) -> Content:
        return self._read()


@define(slots=False)
class Dataset(ABC):
    """Labels in the files of another tool.

    Attributes:
        files: the files of the dataset.
        title: for people.
        kept: what has no counterpart in labels of the platform, by name, and how many annotations, labels or assets
            keep it under ``source``. It grows while labels are read.
        notes: what was read in another way than it is written, such as a category without a name. It is complete when
            all items were read.
    """

    format: ClassVar[str]
    files: "Files"
    title: str = ""
    kept: Counter[str] = field(factory=Counter, kw_only=True)
    notes: list[Problem] = field(factory=list, kw_only=True)

    @property
    @abstractmethod
    def jobs(self) -> Sequence[Job]:
        """The jobs, with the keys, display names and colours of their categories; attributes are child jobs."""

    @abstractmethod
    def items(self) -> Iterator[DatasetItem | Problem]:
        """Read labels and unlabeled assets, in the order of the files; a problem in place of what cannot be read."""

    @property
    def input_type(self) -> str:
        """The kind of assets, as projects name it."""
        return "IMAGE"

    @cached_property
    def _media(self) -> "MediaFinder":
        from kili_query.datasets.media import MediaFinder  # when it is needed: streams of labels start without it

        return MediaFinder(self.files)

    @property
    def named_jobs(self) -> Sequence[Job]:
        """The jobs, perhaps without their tools, which no query names and which may take a while to know."""
        return self.jobs

    @cached_property
    def ontology(self) -> Ontology:
        """The jobs and categories.

        Raises:
            SourceError: nothing can be read.
        """
        return self._ontology_of(self.jobs)

    @property
    def named_ontology(self) -> Ontology:
        """The same, as far as a query can name it: perhaps without tools."""
        return self._ontology_of(self.named_jobs)

    def _ontology_of(self, jobs: Sequence[Job]) -> Ontology:
        if not any(job.categories for job in jobs):
            self._refuse_unreadable()
        ontology = Ontology.from_json_interface(encode_interface(jobs), input_type=self.input_type)
        return evolve(ontology, dataset_format=self.format)

    def _refuse_unreadable(self) -> None:
        """Refuse a dataset in which nothing can be read, because its lack of names would be blamed on the query.

        Raises:
            SourceError: the dataset has problems and not a single item.
        """
        first: Problem | None = None
        for item in self.items():
            if isinstance(item, DatasetItem):
                return
            first = first or item
        if first is not None:
            raise SourceError(f"nothing in `{self.files.path}` can be read: {first}")

    @property
    def project(self) -> dict[str, object]:
        """The project that these labels would belong to, as an export wants it."""
        return {"title": self.title, **self.ontology.to_project()}

    def labels(self) -> Iterator[Record | Problem]:
        """Read all labels, whole; a problem in place of what cannot be read."""
        for item in self.items():
            if isinstance(item, Problem):
                yield item
            elif item.label is not None:
                yield item.record()

    def assets(self) -> Iterator[dict[str, Any]]:
        """Read all assets, once each, labeled or not."""
        seen = set()
        for item in self.items():
            if isinstance(item, DatasetItem) and item.asset["id"] not in seen:
                seen.add(item.asset["id"])
                yield item.whole_asset()
