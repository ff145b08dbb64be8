"""The definition of one object, and of how many a label holds, that every engine must follow.

The rule is section 4 of the language. In short: everything counted has an identity, and a count is the number of
distinct identities. The identity of an object is its place, job, category and ``mid``; that of a chosen category its
place, job and name. A place is the chain of parent objects and choices, so that a child counts once for each parent.
"""

from kili_query.counting.label_structure import (
    MAX_NESTING,
    REPEATED_FRAME,
    Site,
    checked_root,
    is_frame_key,
    is_video,
    repeated_frame,
    root_sites,
)
from kili_query.counting.objects import Found, Wanted, count, find, held_jobs, selected_sites, token
from kili_query.counting.policy import DEFAULT_POLICY, CountPolicy, Rules
from kili_query.ontology import VideoPolicy

__all__ = [
    "DEFAULT_POLICY",
    "MAX_NESTING",
    "REPEATED_FRAME",
    "CountPolicy",
    "Found",
    "Rules",
    "Site",
    "VideoPolicy",
    "Wanted",
    "checked_root",
    "count",
    "find",
    "held_jobs",
    "is_frame_key",
    "is_video",
    "repeated_frame",
    "root_sites",
    "selected_sites",
    "token",
]
