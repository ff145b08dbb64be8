"""What a server may be trusted with. The vendor documents little of it, so it is a value to read and set."""

from attrs import frozen

__all__ = ["DEFAULT_PROFILE", "STRICT_PROFILE", "ServerProfile"]


@frozen(kw_only=True)
class ServerProfile:
    """What of section 4 of the language a server is trusted to do as we do.

    What it is not trusted with is not asked of it: the plan keeps it as residual and pushes something weaker that no
    doubt touches.

    Attributes:
        finds_absent: ``== 0``, ``< n`` and ``<= n`` find labels that never mention the category.
        counts_beyond_one: an object more is one more; else a count is trusted to be 0 or not, and no further.
        counts_child_jobs: a child job is counted as section 4 counts it.
        counts_videos: a video's frames are counted together, one object for each ``mid``.

    >>> ServerProfile(finds_absent=False)
    ServerProfile(finds_absent=False, counts_beyond_one=True, counts_child_jobs=True, counts_videos=True)
    """

    finds_absent: bool = True
    counts_beyond_one: bool = True
    counts_child_jobs: bool = True
    counts_videos: bool = True


DEFAULT_PROFILE = ServerProfile()
"""A server that counts as section 4 of the language says."""

STRICT_PROFILE = ServerProfile(
    finds_absent=False, counts_beyond_one=False, counts_child_jobs=False, counts_videos=False
)
"""Only what no doubt touches: lower bounds of 1 on root jobs."""
