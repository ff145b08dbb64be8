"""The jobs of a dataset, found while it is read: one for all objects, and a child job for each of their attributes."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from attrs import define, evolve, field

from kili_query.datasets.keys import LegalKeys
from kili_query.ontology import Job
from kili_query.ontology.job import CategoryPoint, JobCategory

OBJECTS = "OBJECTS"
"""The job of all objects, so that one counter answers how many persons there are."""

YES = "yes"
"""The category of a flag that is set; a flag that is not set has no answer."""

Answer: TypeAlias = dict[str, object]

_MOST_VALUES = 100
_LONGEST_VALUE = 100


@define
class ObjectAttribute:
    """An attribute of objects: a classification by the values that occur, or a text where these are free.

    Attributes:
        name: as the source writes it.
        job: the name of the child job.
        is_flag: whether it is set or not.

    >>> colour = ObjectAttribute("colour", "colour")
    >>> colour.see("dark red")
    >>> colour.answer("dark red")
    {'categories': [{'name': 'dark_red'}]}
    """

    name: str
    job: str
    is_flag: bool = False
    _keys: dict[str, str] = field(factory=dict)
    _legal: LegalKeys = field(factory=LegalKeys)
    _has_numbers: bool = False
    _has_texts: bool = False
    _is_multiple: bool = False

    def see(self, value: object) -> None:
        """Note a value that occurs."""
        match value:
            case bool():
                self._add("true" if value else "false")
            case int() | float():
                self._has_numbers = True
            case str():
                self._add(value)
            case list():
                self._is_multiple = True
                for one in value:
                    self._add(one)

    def answer(self, value: object) -> Answer | None:
        """Return the answer of the child job, once all values were seen; None where there is none."""
        if self.is_flag:
            return {"categories": [{"name": YES}]} if value else None
        if not is_value(value):
            return None
        texts = value if isinstance(value, list) else [_text(value)]
        if self._is_text:
            return {"text": ", ".join(texts)}
        return {"categories": [{"name": self._keys[one]} for one in dict.fromkeys(texts)]}

    def to_job(self) -> Job:
        """Return the child job."""
        if self.is_flag:
            categories: Mapping[str, JobCategory] = {YES: JobCategory(YES, YES)}
        elif self._is_text:
            shown = "number" if self._has_numbers and not self._keys and not self._has_texts else "textField"
            return Job(self.job, "TRANSCRIPTION", shown, self.name, is_child=True)
        else:
            categories = {key: JobCategory(key, value) for value, key in self._keys.items()}
        shown = "checkbox" if self._is_multiple else "radio"
        return Job(self.job, "CLASSIFICATION", shown, self.name, is_child=True, categories=categories)

    @property
    def _is_text(self) -> bool:
        return self._has_numbers or self._has_texts or not self._keys

    def _add(self, value: str) -> None:
        if value in self._keys:
            return
        if len(value) > _LONGEST_VALUE or len(self._keys) >= _MOST_VALUES:
            self._has_texts = True
        else:
            self._keys[value] = self._legal.of(value)


def content_of_objects(mids: Iterable[object], categories: Iterable[str]) -> dict[str, Any]:
    """Return the content, without shapes, of a label that holds nothing but objects of one category each.

    >>> content_of_objects([7], ["cat"])
    {'OBJECTS': {'annotations': [{'mid': '7', 'categories': [{'name': 'cat'}]}]}}
    """
    objects = [{"mid": str(mid), "categories": [{"name": key}]} for mid, key in zip(mids, categories, strict=False)]
    return {OBJECTS: {"annotations": objects}}


def is_value(value: object) -> bool:
    """Return whether an attribute can have this value: a text, a number, or a list of texts."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) for one in value)
    return isinstance(value, str | bool | int | float)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@define
class Interface:
    """The jobs of a dataset.

    Attributes:
        categories: of objects, by what tells them apart in the source.
        attributes: by name.
        tools: with which objects are drawn, in the order of their first occurrence.
        texts: the names of the jobs that hold texts of an image, such as captions.
    """

    categories: dict[Hashable, JobCategory] = field(factory=dict)
    attributes: dict[str, ObjectAttribute] = field(factory=dict)
    tools: dict[str, None] = field(factory=dict)
    texts: dict[str, str] = field(factory=dict)
    _keys: LegalKeys = field(factory=LegalKeys)
    _job_names: LegalKeys = field(factory=LegalKeys)
    _children: dict[str, dict[str, None]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._job_names.of(OBJECTS)

    def category(
        self, identity: Hashable, name: str, *, color: str | None = None, points: Iterable[str] = ()
    ) -> JobCategory:
        """Return the category of objects, which is made where it is met first.

        Args:
            identity: what tells it from other categories.
            name: for people.
            color: as ``#00AA55``.
            points: the names of its keypoints.
        """
        found = self.categories.get(identity)
        if found is None:
            found = JobCategory(self._keys.of(name), name, points=tuple(_points(points)), color=color)
            self.categories[identity] = found
        elif not found.points and (listed := tuple(_points(points))):
            found = self.categories[identity] = evolve(found, points=listed)
        return found

    def attribute(self, category: str, name: str, *, is_flag: bool = False) -> ObjectAttribute:
        """Return the attribute with this name, which objects of a category have."""
        found = self.attributes.get(name)
        if found is None:
            found = self.attributes[name] = ObjectAttribute(name, self._job_names.of(name), is_flag)
        self._children.setdefault(category, {})[found.job] = None
        return found

    def see(self, category: str, name: str, value: object) -> None:
        """Note the value that an object of a category has for an attribute."""
        if is_value(value):
            self.attribute(category, name).see(value)

    def text(self, name: str) -> str:
        """Return the name of the job that holds a text of the image."""
        if name not in self.texts:
            self.texts[name] = self._job_names.of(name)
        return self.texts[name]

    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs, once all was seen."""
        return (
            *self._objects(),
            *(Job(job, "TRANSCRIPTION", "textField", name) for name, job in self.texts.items()),
            *(one.to_job() for one in self.attributes.values()),
        )

    def _objects(self) -> Iterator[Job]:
        if not self.categories and self.texts:
            return
        listed = {
            one.key: evolve(one, children=tuple(self._children.get(one.key, ()))) for one in self.categories.values()
        }
        tools = tuple(self.tools) or ("rectangle",)
        yield Job(OBJECTS, "OBJECT_DETECTION", "radio", "Objects", categories=listed, tools=tools)


def _points(names: Iterable[str]) -> Iterator[CategoryPoint]:
    keys = LegalKeys()
    return (CategoryPoint(keys.of(name), name) for name in names)
