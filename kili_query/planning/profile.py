"""What a server may be trusted with. The vendor documents little of it, so it is a value to read and set."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from attrs import asdict, fields, frozen

from kili_query.errors import ArgumentError
from kili_query.replacing import replaced

__all__ = ["DEFAULT_PROFILE", "STRICT_PROFILE", "TRAITS", "ServerProfile"]

FILTER_SIZE = 4_000
"""Short enough for what stands before servers, long enough for the sums that people ask for."""


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
        filter_size: how many characters its filter may have. A sum of counters takes many; where they are too few, what
            is asked finds more labels than it must. A query that needs more without any sum is sent all the same.

    >>> ServerProfile(finds_absent=False).to_dict()["counts_beyond_one"]
    True
    """

    finds_absent: bool = True
    counts_beyond_one: bool = True
    counts_child_jobs: bool = True
    counts_videos: bool = True
    filter_size: int = FILTER_SIZE

    def to_dict(self) -> dict[str, bool | int]:
        """The profile as a JSON object.

        >>> STRICT_PROFILE.to_dict()["counts_videos"]
        False
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, traits: Mapping[str, object]) -> "ServerProfile":
        """The profile of what `to_dict` gave. A trait that is not there is not trusted, for nobody vouches for it.

        Raises:
            ArgumentError: there is no such trait, or it has a value of another kind.

        >>> ServerProfile.from_dict({"finds_absent": True}).counts_beyond_one
        False
        """
        trusted: dict[str, Any] = STRICT_PROFILE.to_dict()
        for name, value in traits.items():
            if name not in trusted:
                near = get_close_matches(name, trusted, n=1)
                hint = f": did you mean `{near[0]}`?" if near else f": there are {', '.join(trusted)}"
                raise ArgumentError(f"a profile has no `{name}`{hint}")
            if name in TRAITS and not isinstance(value, bool):
                raise ArgumentError(f"`{name}` of a profile must be true or false, not {value!r:.80}")
            if name not in TRAITS and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise ArgumentError(f"`{name}` of a profile must be an integer from 0, not {value!r:.80}")
            trusted[name] = value
        return cls(**trusted)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the profile to a file, as JSON.

        Raises:
            WriteError: the file cannot be written; it is an `OSError`.
        """
        with replaced(path, takes_devices=True) as new:
            new.file.write(json.dumps(self.to_dict(), indent=2).encode() + b"\n")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "ServerProfile":
        """Read the profile in a file, as an audit writes it.

        Raises:
            ArgumentError: the file cannot be read, or holds no profile; the message names it.
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


TRAITS = tuple(one.name for one in fields(ServerProfile) if one.name != "filter_size")
"""What a server is trusted with or not."""

DEFAULT_PROFILE = ServerProfile()
"""A server that counts as section 4 of the language says."""

STRICT_PROFILE = ServerProfile(
    finds_absent=False, counts_beyond_one=False, counts_child_jobs=False, counts_videos=False
)
"""Only what no doubt touches: lower bounds of 1 on root jobs."""
