"""Labels as objects: `ParsedLabel`, with the names of the official client's object model, and nothing lost.

A label is read through windows on its JSON. Opening one is fast; what does not match its interface is kept, and its
`problems` report it.
"""

from kili_query.labels.answers import (
    Annotation,
    AnnotationList,
    Category,
    CategoryList,
    JobPayload,
    ParsedJobs,
    PosePoint,
    PosePointList,
)
from kili_query.labels.errors import (
    AttributeNotCompatibleWithJobError,
    EntryIndexError,
    FrameIndexError,
    InvalidMutationError,
    JobNotExistingError,
    MissingAnswerError,
)
from kili_query.labels.frames import FramesList, VideoJobs
from kili_query.labels.label import ParsedLabel, parse_labels
from kili_query.labels.mismatches import Mismatch, MismatchKind
from kili_query.labels.polygons import BoundingPoly, BoundingPolyList

__all__ = [
    "Annotation",
    "AnnotationList",
    "AttributeNotCompatibleWithJobError",
    "BoundingPoly",
    "BoundingPolyList",
    "Category",
    "CategoryList",
    "EntryIndexError",
    "FrameIndexError",
    "FramesList",
    "InvalidMutationError",
    "JobNotExistingError",
    "JobPayload",
    "Mismatch",
    "MismatchKind",
    "MissingAnswerError",
    "ParsedJobs",
    "ParsedLabel",
    "PosePoint",
    "PosePointList",
    "VideoJobs",
    "parse_labels",
]
