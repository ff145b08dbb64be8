"""The facts that a version of a cache records beside its labels, written into the same commit."""

import json
from collections.abc import Mapping
from typing import cast

from attrs import evolve, frozen

from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.errors import CacheError
from kili_query.ontology import VideoPolicy

FORMAT = 1
"""The version of the layout of the tables. A cache of a newer format is not read."""

KEY = "kiliQueryCache"
"""The key of the state in the metadata of a commit."""


@frozen(kw_only=True)
class SyncPosition:
    """How far a cache has followed a project.

    Attributes:
        event: the last event of the change feed that was applied; None without a feed.
        created: the latest ``createdAt`` of the labels that were listed.
        updated: the latest ``updatedAt`` of the assets that were listed.
    """

    event: str | None = None
    created: str | None = None
    updated: str | None = None


@frozen(kw_only=True)
class State:
    """The facts that a version records beside its labels.

    Attributes:
        project_id: the project that the cache follows; None for labels from files.
        ontology: the digest of the project's interface among the contents; None for none.
        video: the policy by which objects of videos were counted.
        position: how far the project was followed.
        is_complete: whether the cache was filled to the end once.
        base: the last whole version, if this one is a step of a change that writes several; readers see that one.
        recounts: whether only some of the parts are counted by the ontology; such a step is undone, not continued.
        synced_at: when the last sync ended, in ISO 8601 by the clock of this machine; None before.
        summary: what the commit did, for `LabelCache.versions`.
    """

    project_id: str | None = None
    ontology: str | None = None
    video: VideoPolicy = "objects"
    position: SyncPosition = SyncPosition()
    is_complete: bool = True
    base: int | None = None
    recounts: bool = False
    synced_at: str | None = None
    summary: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether readers see this version."""
        return self.is_complete and self.base is None

    @property
    def policy(self) -> CountPolicy:
        """The rule for objects in videos."""
        return CountPolicy(video=self.video) if self.video != DEFAULT_POLICY.video else DEFAULT_POLICY

    def with_position(self, **changes: str | None) -> "State":
        """Return the state further on."""
        return evolve(self, position=evolve(self.position, **changes))

    def to_json(self) -> str:
        """Return the state as text."""
        return json.dumps(
            {
                "format": FORMAT,
                "projectId": self.project_id,
                "ontology": self.ontology,
                "video": self.video,
                "position": {
                    "event": self.position.event,
                    "created": self.position.created,
                    "updated": self.position.updated,
                },
                "isComplete": self.is_complete,
                "base": self.base,
                "recounts": self.recounts,
                "syncedAt": self.synced_at,
                "summary": self.summary,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str, folder: str) -> "State":
        """Read a state.

        Raises:
            CacheError: a newer release wrote it, or it is damaged.
        """
        try:
            found = json.loads(text)
            if found["format"] > FORMAT:
                raise CacheError(
                    f"`{folder}` is a cache of format {found['format']}, and this release reads formats up to {FORMAT}"
                    ": update kili-query"
                )
            position = cast("Mapping[str, str | None]", found["position"])
            return cls(
                project_id=found["projectId"],
                ontology=found["ontology"],
                video=found["video"],
                position=SyncPosition(**position),
                is_complete=found["isComplete"],
                base=found.get("base"),  # which earlier releases do not write
                recounts=found.get("recounts", False),
                synced_at=found["syncedAt"],
                summary=found["summary"],
            )
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, CacheError):
                raise
            raise CacheError(f"`{folder}`: the state of the cache is damaged: {error}") from error
