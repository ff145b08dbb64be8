"""The service's enums."""

from enum import StrEnum


class LabelType(StrEnum):
    """What a label is for."""

    AUTOSAVE = "AUTOSAVE"
    """A draft that was not submitted."""
    DEFAULT = "DEFAULT"
    """Submitted by a labeler."""
    INFERENCE = "INFERENCE"
    """A model's output, kept for comparison and not shown."""
    PREDICTION = "PREDICTION"
    """A model's output, shown to labelers to start from."""
    REVIEW = "REVIEW"
    """Made by a reviewer, or a honeypot."""


class AssetStatus(StrEnum):
    """How far the work on an asset has come."""

    TODO = "TODO"
    ONGOING = "ONGOING"
    LABELED = "LABELED"
    TO_REVIEW = "TO_REVIEW"
    REVIEWED = "REVIEWED"
