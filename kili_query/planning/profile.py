"""Which of a server's searches are reliable. The vendor documents little of it, so you can read and set it."""

import json
from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from attrs import asdict, fields, frozen

from kili_query.errors import ArgumentError
from kili_query.near_names import nearest

FILTER_SIZE = 4_000
"""Short enough for proxies in front of servers, long enough for the sums that people write."""


@frozen(kw_only=True)
class ServerProfile:
    """Where a server is trusted to count as section 4 of the language says.

    Searches that rely on an untrusted trait are not pushed: the plan keeps them as residual, and pushes something
    weaker that is safe.

    Attributes:
        finds_absent: ``== 0``, ``< n`` and ``<= n`` find labels that never mention the category.
        counts_beyond_one: each object adds one to the count; if false, only 0 and more than 0 are distinguished.
        counts_child_jobs: a child job is counted as section 4 counts it.
        counts_videos: a video's frames are counted together, one object for each ``mid``.
        filter_size: maximum number of characters of the filter. A sum of counters needs many; if there are too few, the
            filter finds more labels than necessary. A query that is longer without any sum is sent anyway.

    >>> ServerProfile(finds_absent=False).to_dict()["counts_beyond_one"]
    True
    """

    finds_absent: bool = True
    counts_beyond_one: bool = True
    counts_child_jobs: bool = True
    counts_videos: bool = True
    filter_size: int = FILTER_SIZE

    def to_dict(self) -> dict[str, bool | int]:
        """Return the profile as a JSON object.

        >>> STRICT_PROFILE.to_dict()["counts_videos"]
        False
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, traits: Mapping[str, object]) -> "ServerProfile":
        """Build a profile from the result of `to_dict`. A missing trait is not trusted.

        Raises:
            ArgumentError: a trait is unknown, or its value has the wrong type.

        >>> ServerProfile.from_dict({"finds_absent": True}).counts_beyond_one
        False
        """
        trusted: dict[str, Any] = STRICT_PROFILE.to_dict()
        for name, value in traits.items():
            if name not in trusted:
                near = nearest(name, trusted)
                hint = f": did you mean `{near}`?" if near else f": there are {', '.join(trusted)}"
                raise ArgumentError(f"a profile has no `{name}`{hint}")
            if name in TRAITS and not isinstance(value, bool):
                raise ArgumentError(f"`{name}` of a profile must be true or false, not {value!r:.80}")
            if name not in TRAITS and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise ArgumentError(f"`{name}` of a profile must be an integer of at least 0, not {value!r:.80}")
            trusted[name] = value
        return cls(**trusted)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the profile to a file, as JSON.

        Raises:
            WriteError: the file cannot be written; it is an `OSError`.
        """
        from kili_query.output_files import replaced  # here, because few programs save profiles

        with replaced(path, takes_devices=True) as new:
            new.file.write(json.dumps(self.to_dict(), indent=2).encode() + b"\n")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "ServerProfile":
        """Read a profile from a file, as an audit writes it.

        Raises:
            ArgumentError: the file cannot be read or is not a profile; the message names the file.
        """
        try:
            found: object = json.loads(Path(path).read_bytes().decode("utf-8-sig"))
            if not isinstance(found, dict):
                raise ArgumentError("a profile is a JSON object")
            return cls.from_dict(found)
        except OSError as error:
            raise ArgumentError(f"cannot read the profile `{fspath(path)}`: {error.strerror or error}") from error
        except ArgumentError as error:
            raise ArgumentError(f"`{fspath(path)}`: {error}") from error
        except (ValueError, RecursionError) as error:
            raise ArgumentError(f"`{fspath(path)}` is not JSON: {error}") from error


def checked_profile(profile: object) -> ServerProfile:
    """Return a profile.

    Raises:
        ArgumentError: it is something else, such as the name of one.
    """
    if not isinstance(profile, ServerProfile):
        raise ArgumentError(f"`profile` must be a `ServerProfile`, not {profile!r:.80}")
    return profile


TRAITS = tuple(one.name for one in fields(ServerProfile) if one.name != "filter_size")
"""The fields of a profile that are true or false."""

DEFAULT_PROFILE = ServerProfile()
"""A server that counts as section 4 of the language says."""

STRICT_PROFILE = ServerProfile(
    finds_absent=False, counts_beyond_one=False, counts_child_jobs=False, counts_videos=False
)
"""A server that is only trusted with lower bounds of 1 on root jobs."""
