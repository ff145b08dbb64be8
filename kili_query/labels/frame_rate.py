"""How many frames of a video are labeled in a second."""

import math
from collections.abc import Mapping

_MOST_FRAMES_PER_SECOND = 1_000


def frames_per_second(asset: Mapping[str, object]) -> float | None:
    """Return the rate to which the service resamples the video of an asset; None if it keeps the frames.

    Raises:
        ValueError: the rate is not a number that can be one.

    >>> processing = {"shouldKeepNativeFrameRate": False, "framesPlayedPerSecond": 5}
    >>> frames_per_second({"jsonMetadata": {"processingParameters": processing}})
    5
    """
    metadata = asset.get("jsonMetadata")
    processing = metadata.get("processingParameters") if isinstance(metadata, Mapping) else None
    told = processing if isinstance(processing, Mapping) else {}
    rate = told.get("framesPlayedPerSecond")
    if told.get("shouldKeepNativeFrameRate") is not False or rate is None:
        return None
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not math.isfinite(rate):
        raise ValueError(f"its `framesPlayedPerSecond` must be a number, not {rate!r:.80}")
    if not 0 < rate <= _MOST_FRAMES_PER_SECOND:
        raise ValueError(f"its `framesPlayedPerSecond` must be above 0 and at most {_MOST_FRAMES_PER_SECOND:,}")
    return rate
