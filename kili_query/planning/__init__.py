"""Planning: split a query into what a target is asked and a residual that is evaluated locally.

The package itself only loads the profiles of servers, which clients are made with; `split` is in its module.
"""

from kili_query.planning.profile import DEFAULT_PROFILE, STRICT_PROFILE, ServerProfile, checked_profile

__all__ = ["DEFAULT_PROFILE", "STRICT_PROFILE", "ServerProfile", "checked_profile"]
