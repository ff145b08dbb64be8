"""The choices that a caller has about counting, and what an ontology says about how a label is read."""

from attrs import Attribute, field, frozen

from kili_query.ontology import Ontology, VideoPolicy

_VIDEO_POLICIES = ("objects", "key_frames", "frames")


def _known(_: "CountPolicy", attribute: "Attribute[VideoPolicy]", value: object) -> None:
    if value not in _VIDEO_POLICIES:
        choices = ", ".join(f"`{choice}`" for choice in _VIDEO_POLICIES)
        raise ValueError(f"`{value}` is not a {attribute.name} policy: choose one of {choices}")


@frozen
class CountPolicy:
    """How objects of a video are counted.

    Attributes:
        video: ``objects`` counts each object once, however many frames hold it; ``key_frames`` counts objects and
            choices in each frame where they have a key frame; ``frames`` counts the frames that hold the category.

    >>> CountPolicy(video="frame")
    Traceback (most recent call last):
        ...
    ValueError: `frame` is not a video policy: choose one of `objects`, `key_frames`, `frames`
    """

    video: VideoPolicy = field(default="objects", validator=_known)


DEFAULT_POLICY = CountPolicy()
"""Each object of a video counts once."""


@frozen
class Rules:
    """The settings needed to read a label.

    Attributes:
        video: the policy for videos.
        is_video: whether root keys are frames; None when the label's own shape has to tell.
        root_jobs: the jobs that the ontology declares as no child jobs: they count at the root alone.
    """

    video: VideoPolicy = "objects"
    is_video: bool | None = None
    root_jobs: frozenset[str] = frozenset()

    @classmethod
    def of(cls, policy: CountPolicy, ontology: Ontology | None) -> "Rules":
        """The rules under a policy, with what an ontology adds."""
        if ontology is None:
            return cls(policy.video)
        root_jobs = frozenset(name for name, job in ontology.jobs.items() if not job.is_child)
        return cls(policy.video, None if ontology.input_type is None else ontology.is_video, root_jobs)
