"""What a server may be trusted with. The vendor documents little of it, so it is a value to read and set."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from os import PathLike, fspath
from pathlib import Path

from attrs import asdict, frozen

from kili_query.errors import ArgumentError
from kili_query.replacing import replaced

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

    def to_dict(self) -> dict[str, bool]:
        """The profile as a JSON object.

        >>> STRICT_PROFILE.to_dict()["counts_videos"]
        False
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, traits: Mapping[str, object]) -> "ServerProfile":
        """The profile of what `to_dict` gave. A trait that is not there is not trusted, for nobody vouches for it.

        Raises:
            ArgumentError: there is no such trait, or it is neither true nor false.

        >>> ServerProfile.from_dict({"finds_absent": True})
        ServerProfile(finds_absent=True, counts_beyond_one=False, counts_child_jobs=False, counts_videos=False)
        """
        trusted = STRICT_PROFILE.to_dict()
        for name, value in traits.items():
            if name not in trusted:
                near = get_close_matches(name, trusted, n=1)
                hint = f": did you mean `{near[0]}`?" if near else f": there are {', '.join(trusted)}"
                raise ArgumentError(f"a profile has no `{name}`{hint}")
            if not isinstance(value, bool):
                raise ArgumentError(f"`{name}` of a profile is true or false, not {value!r:.80}")
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


DEFAULT_PROFILE = ServerProfile()
"""A server that counts as section 4 of the language says."""

STRICT_PROFILE = ServerProfile(
    finds_absent=False, counts_beyond_one=False, counts_child_jobs=False, counts_videos=False
)
"""Only what no doubt touches: lower bounds of 1 on root jobs."""
