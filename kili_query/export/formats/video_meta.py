"""``video_meta.json``: which label files belong to which video."""

import json
from pathlib import Path
from typing import IO

from kili_query.export.format import Entry
from kili_query.export.scratch import GatheredText


class VideoMeta:
    """The frames with annotations of all videos, sorted by the name of the video: ``{video: [file without .txt]}``.

    Args:
        path: its path in the archive.
        scratch: a temporary file.
    """

    def __init__(self, path: str, scratch: Path) -> None:
        self._path = path
        self._sorted = scratch.with_suffix(".sorted")
        self._text = GatheredText(scratch)
        self._places: list[tuple[str, int, int]] = []
        self._size_bytes = 0

    def add(self, video: str, frames: list[str]) -> None:
        """Add a video; without annotations its list is empty."""
        text = f"{json.dumps(video)}: {json.dumps(frames, indent=4)}".replace("\n", "\n    ")
        self._text.write(text)
        self._places.append((video, self._size_bytes, len(text)))  # all of it is ASCII
        self._size_bytes += len(text)

    def entries(self) -> list[Entry]:
        """Return the file, unless there was no video."""
        gathered = self._text.finish()
        if gathered is None:
            return []
        with gathered.open("rb") as source, self._sorted.open("wb") as target:
            self._write(source, target)
        return [Entry(self._path, self._sorted)]

    def _write(self, source: IO[bytes], target: IO[bytes]) -> None:
        before = b"{\n    "
        for _, start, length in sorted(self._places):
            source.seek(start)
            target.write(before + source.read(length))
            before = b",\n    "
        target.write(b"\n}")
