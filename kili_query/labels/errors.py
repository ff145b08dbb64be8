"""The exceptions of label objects. All are a `LabelError`, and carry the JSON path from the root of the label.

LabelError
├── JobNotExistingError                   also a KeyError
├── MissingAnswerError                    also a KeyError
├── AttributeNotCompatibleWithJobError    also an AttributeError
├── EntryIndexError                       also an IndexError
│   └── FrameIndexError
└── InvalidMutationError
"""

from kili_query.errors import LabelError


class _KeyedError(LabelError, KeyError):
    """A `KeyError` that prints its message, not the representation of it."""

    __str__ = Exception.__str__


class JobNotExistingError(_KeyedError):
    """No such job, neither in the interface nor in the label."""


class MissingAnswerError(_KeyedError):
    """The label could have what was read, but does not."""


class AttributeNotCompatibleWithJobError(LabelError, AttributeError):
    """An attribute that the job, or the tool of the annotation, does not have."""


class EntryIndexError(LabelError, IndexError):
    """A list of the label has no entry of that number."""


class FrameIndexError(EntryIndexError):
    """A video has no frame of that number."""


class InvalidMutationError(LabelError):
    """A change that the interface forbids, or that JSON cannot hold. Nothing is changed."""
