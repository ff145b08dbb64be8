"""Planning: split a query into what a target is asked and a residual that is evaluated locally."""

from kili_query.planning.profile import DEFAULT_PROFILE, STRICT_PROFILE, ServerProfile, checked_profile
from kili_query.planning.split import Kept, Split, local_notes, split
from kili_query.planning.weaken import Target, weaken

__all__ = [
    "DEFAULT_PROFILE",
    "STRICT_PROFILE",
    "Kept",
    "ServerProfile",
    "Split",
    "Target",
    "checked_profile",
    "local_notes",
    "split",
    "weaken",
]
