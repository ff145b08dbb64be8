"""Filters of datasets for training, as two libraries hold them: ``datasets`` of Hugging Face, and PyTorch."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from uuid import uuid4

from attrs import frozen

from kili_query.counting.label import content_of
from kili_query.errors import ArgumentError
from kili_query.targets.closures import Matcher


def filter_dataset(dataset: Any, matches: Matcher, column: str) -> Any:
    """Return the part of a dataset that matches; see `kili_query.Query.filter`."""
    matches_content = _ContentMatch(matches, column, _release())
    if hasattr(dataset, "column_names"):
        return dataset.filter(matches_content, input_columns=column)
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise ArgumentError(f"a dataset is one of `datasets`, or read by index, not `{type(dataset).__name__}`")
    found = [index for index in range(len(dataset)) if matches_content(dataset[index][column])]
    return import_module("torch.utils.data").Subset(dataset, found)


def _release() -> str:
    """Return the release of this package; where its metadata are missing, as in a frozen program, a unique text."""
    try:
        return version("kili-query")
    except PackageNotFoundError:
        return uuid4().hex  # no result that was kept is used


@frozen
class _ContentMatch:
    """Judges the content of a label.

    A class, because Hugging Face would hash a function together with all code it can reach. It keeps what a filter
    found under the hash of these attributes.

    Attributes:
        matches: tells whether a content matches.
        column: holds the content.
        release: of this package, as another one may count otherwise.
    """

    matches: Matcher
    column: str
    release: str

    def __call__(self, content: object) -> bool:
        return self.matches(content_of({self.column: content}, self.column))
