"""Filters of datasets for training, as two libraries hold them: ``datasets`` of Hugging Face, and PyTorch."""

from importlib import import_module
from typing import Any

from attrs import frozen

from kili_query.counting.label import content_of
from kili_query.errors import ArgumentError
from kili_query.targets.closures import Matcher


def filter_dataset(dataset: Any, matches: Matcher, column: str) -> Any:
    """Return the part of a dataset that matches; see `kili_query.Query.filter`."""
    matches_content = _ContentMatch(matches, column)
    if hasattr(dataset, "column_names"):
        return dataset.filter(matches_content, input_columns=column)
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise ArgumentError(f"a dataset is one of `datasets`, or read by index, not `{type(dataset).__name__}`")
    found = [index for index in range(len(dataset)) if matches_content(dataset[index][column])]
    return import_module("torch.utils.data").Subset(dataset, found)


@frozen
class _ContentMatch:
    """Judges the content of a label.

    An object of a class, because Hugging Face hashes what it filters by: of a function, with all that it may call.
    """

    matches: Matcher
    column: str

    def __call__(self, content: object) -> bool:
        return self.matches(content_of({self.column: content}, self.column))
