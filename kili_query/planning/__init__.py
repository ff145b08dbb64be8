"""Planning: what a target is asked, and the residual that is kept local."""

from kili_query.planning.profile import DEFAULT_PROFILE, STRICT_PROFILE, ServerProfile
from kili_query.planning.split import Kept, Split, local_notes, split
from kili_query.planning.weaken import Target, weaken

__all__ = [
    "DEFAULT_PROFILE",
    "STRICT_PROFILE",
    "Kept",
    "ServerProfile",
    "Split",
    "Target",
    "local_notes",
    "split",
    "weaken",
]
