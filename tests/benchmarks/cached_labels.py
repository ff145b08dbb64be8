"""Labels for a cache of any size: contents of two kilobytes again and again, each with an id and a mark of its own.

No two contents are equal, so that none is stored once for many labels.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.label_sets import label

__all__ = ["cached_lines", "write_cached"]

_N_CONTENTS = 2_000
_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
_ID, _MID, _TIME = "THE-ID", "THE-MID", "THE-TIME"


def _template(number: int) -> str:
    """Return the line of a label with places for what is its own."""
    one = label(number, mean_objects=2)
    annotations = one["jsonResponse"]["OBJECTS"]["annotations"]
    if annotations:
        annotations[0]["mid"] = _MID
    else:
        one["jsonResponse"]["CROWDED"]["categories"][0]["mid"] = _MID
    one |= {"id": _ID, "createdAt": _TIME, "assetId": f"asset-{_ID}"}
    one["labelOf"] = {"id": f"asset-{_ID}", "externalId": f"{_ID}.jpg", "status": "LABELED"}
    return json.dumps(one)


def cached_lines(begin: int, end: int, *, mark: str = "") -> Iterator[str]:
    """Yield the lines of labels, which are created one a second; another mark makes their contents others."""
    templates = [_template(number) for number in range(min(_N_CONTENTS, end - begin))]
    for number in range(begin, end):
        line = templates[number % len(templates)]
        time = (_BEGIN + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        yield line.replace(_ID, f"label{number:09d}").replace(_MID, f"m{number}{mark}").replace(_TIME, time)


def write_cached(path: Path, begin: int, end: int, *, mark: str = "") -> Path:
    """Write the lines of labels to a file."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in cached_lines(begin, end, mark=mark))
    return path
