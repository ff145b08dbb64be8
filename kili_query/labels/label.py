"""One label: its own keys as a dict, and its answers as objects."""

from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, cast

from kili_query.conversations import ANNOTATIONS, holds_answers
from kili_query.counting.label import CONTENT, content_of
from kili_query.errors import MalformedLabelError, MissingExtraError
from kili_query.extras import load
from kili_query.labels.answers import ParsedJobs
from kili_query.labels.frames import VideoJobs
from kili_query.labels.json_values import copy_of
from kili_query.labels.label_dict import LabelDict, ontology_of
from kili_query.labels.mismatches import Mismatch, find_mismatches
from kili_query.labels.structure import is_framed
from kili_query.ontology.decode import kind_of


class ParsedLabel(LabelDict):
    """A label as a dict, whose answers can be read and changed by attributes.

    Nothing is decoded, checked or copied before it is read, and no reading changes the label: `to_dict` gives back
    every key, order and number that came in. What does not fit the interface is kept, and `problems` report it.

    The label given stays as it is, for its values are copied before they are changed or can be. Until then they are
    shared: who goes on to change it should pass a copy.

    >>> interface = {"jobs": {"BOXES": {"mlTask": "OBJECT_DETECTION", "tools": ["rectangle"], "content": {
    ...     "input": "radio", "categories": {"CAR": {"name": "A car"}, "BUS": {"name": "A bus"}}}}}}
    >>> box = {"mid": "b1", "type": "rectangle", "categories": [{"name": "CAR", "confidence": 90}]}
    >>> label = ParsedLabel({"id": "l1", "jsonResponse": {"BOXES": {"annotations": [box]}}}, interface, "IMAGE")
    >>> label.jobs["BOXES"].annotations[0].category.display_name
    'A car'
    >>> label.jobs["BOXES"].annotations[0].category.name = "BUS"
    >>> label.to_dict()["jsonResponse"]["BOXES"]["annotations"][0]["categories"]
    [{'name': 'BUS', 'confidence': 90}]
    """

    __slots__ = ()

    def __init__(self, label: Mapping[str, object], json_interface: object, input_type: str | None = None) -> None:
        """Open a label.

        Args:
            label: with its answers under ``jsonResponse``; where that is empty and there are ``annotations`` beside it,
                as in some conversations, these are the answers, and are then found under ``jsonResponse`` alone.
            json_interface: the interface of its project, or, decoded once for all labels, its `Ontology`.
            input_type: of the project, as ``IMAGE``; by default that of the ontology. Without any, the keys of the
                answers show whether they are a video's.
        """
        if not isinstance(label, Mapping):
            raise MalformedLabelError(f"expected an object, found {kind_of(label)}")
        if holds_answers(label):
            held = {key: value for key, value in label.items() if key != ANNOTATIONS}
            label = {**held, CONTENT: content_of(dict(label))}
        if isinstance(label, LabelDict):
            label = cast(dict[str, object], copy_of(dict(label)))
        super().__init__(label, json_interface, input_type)

    @property
    def jobs(self) -> Mapping[str, Any]:
        """The answers by job: a `JobPayload` for each, and in a video a list of them, one per frame.

        Typed as ``Any`` because the interface decides which attributes an answer has, and no type checker knows it.
        """
        ontology = self.ontology
        is_video = None if ontology.input_type is None else ontology.is_video
        response = dict.get(self, CONTENT)
        response = {} if response is None else response
        if isinstance(response, dict) and is_framed(response, is_video=is_video):
            return VideoJobs(self)
        return ParsedJobs(self, None, CONTENT, is_root=True)

    @property
    def problems(self) -> tuple[Mismatch, ...]:
        """The mismatches of the answers with the interface: retired jobs and categories, wrong shapes and values."""
        return tuple(find_mismatches(dict.get(self, CONTENT), self.ontology, CONTENT))

    @property
    def json_response(self) -> dict[str, Any]:
        """A copy of the answers, in which nothing is left out; empty where there are none."""
        response = dict.get(self, CONTENT)
        return {} if response is None else cast(dict[str, Any], copy_of(response))

    def to_dict(self) -> dict[str, Any]:
        """Return a copy of the label, as it came in and with what was changed."""
        return {key: copy_of(dict.__getitem__(self, key)) for key in dict.keys(self)}

    def copy(self) -> "ParsedLabel":
        """Return an independent label with the same content."""
        return ParsedLabel(self.to_dict(), *self._interface)

    def __copy__(self) -> "ParsedLabel":
        return self.copy()

    def __deepcopy__(self, memo: dict[int, object]) -> "ParsedLabel":
        return self.copy()

    def __or__(self, other: object) -> "ParsedLabel":  # type: ignore[override]  # a label is more than a dict
        if not isinstance(other, dict):
            return NotImplemented
        made = self.copy()
        made.update(other)
        return made

    def __repr__(self) -> str:
        return dict.__repr__(self)

    def _repr_png_(self) -> bytes | None:
        """Return what notebooks draw; None where Pillow is not installed, or nothing can be drawn."""
        try:
            picture: bytes | None = _pictures().png_of(self, self.ontology)
        except MissingExtraError:
            return None
        return picture

    def _repr_html_(self) -> str | None:
        """Return what notebooks show; None where Pillow is not installed."""
        try:
            page: str = _pictures().html_of(self, self.ontology)
        except MissingExtraError:
            return None
        return page


def _pictures() -> ModuleType:
    """Load the pictures, which are a higher layer and need an extra."""
    return load("kili_query.pictures", "drawing labels", "export")


def parse_labels(
    labels: Iterable[Mapping[str, object]], json_interface: object, input_type: str | None = None
) -> "Iterator[ParsedLabel] | list[ParsedLabel]":
    """Open many labels: a generator gives a lazy iterator, anything else a list.

    >>> interface = {"jobs": {"NOTE": {"mlTask": "TRANSCRIPTION", "content": {"input": "textField"}}}}
    >>> [label.jobs["NOTE"].text for label in parse_labels([{"jsonResponse": {"NOTE": {"text": "x"}}}], interface)]
    ['x']
    """
    ontology = ontology_of(json_interface, input_type)
    parsed = (ParsedLabel(label, ontology) for label in labels)
    return parsed if isinstance(labels, Iterator) and not isinstance(labels, map) else list(parsed)
