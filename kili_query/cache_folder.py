"""How the folder of a label cache is recognized, without the libraries that read it."""

import os
from pathlib import Path


def is_cache(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is the folder of a label cache."""
    name = os.fspath(path)
    return "\0" not in name and os.path.isdir(os.path.join(name, "labels", "_delta_log"))


def cache_around(path: str | os.PathLike[str]) -> Path | None:
    """Return the label cache that a path is, or lies in; None if there is none."""
    whole = Path(os.path.realpath(path))
    return next(filter(is_cache, (whole, *whole.parents)), None)
