"""A project that shows all that an audit can try, and a server of it that may misbehave."""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kili_query.client import KiliClient
from kili_query.sandbox import Sandbox

__all__ = ["IMAGES", "VIDEOS", "Box", "Contents", "audited", "box", "film", "photo"]

PROJECT = Path(__file__).resolve().parents[1] / "data" / "cases_video.json"
Box = dict[str, object]
Contents = Sequence[dict[str, object]]


def box(mid: str, lights: str = "", category: str = "CAR") -> Box:
    children = {"children": {"LIGHTS": {"categories": [{"name": lights}]}}} if lights else {}
    return {"mid": mid, "categories": [{"name": category}], **children}


def photo(*boxes: Box) -> dict[str, object]:
    """The content of an image's label."""
    return {"TRACK": {"annotations": list(boxes)}}


def film(*frames: Sequence[Box]) -> dict[str, object]:
    """The content of a video's label."""
    return {str(number): photo(*boxes) for number, boxes in enumerate(frames)}


ONE, TWO, THREE = ([box(mid, "ON") for mid in mids] for mids in ("a", "ab", "abc"))
DARK = [box("a"), box("b", "OFF"), box("c", category="BUS")]
PHOTOS = (ONE, TWO, THREE, DARK, [])

IMAGES = [photo(*boxes) for boxes in PHOTOS]
VIDEOS = [film(boxes) for boxes in PHOTOS] + [film(*[boxes] * times) for boxes in (ONE, TWO, DARK) for times in (2, 3)]


@contextmanager
def audited(
    folder: Path, contents: Contents, misbehaves: Collection[str] = (), *, copies: int = 3, input_type: str = "VIDEO"
) -> Iterator[tuple[Sandbox, KiliClient]]:
    """A server of the contents, each in several labels, and a client of it."""
    project, labels = folder / "project.json", folder / "labels.ndjson"
    project.write_text(json.dumps(json.loads(PROJECT.read_text(encoding="utf-8")) | {"inputType": input_type}))
    lines = [
        {"id": f"label-{copy}-{number}", "assetId": f"asset-{copy}-{number}", "jsonResponse": content}
        for copy in range(copies)
        for number, content in enumerate(contents)
    ]
    labels.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with (
        Sandbox(project=project, labels=labels, misbehaves=misbehaves) as sandbox,
        KiliClient(sandbox.api_key, sandbox.endpoint, calls_per_minute=None) as client,
    ):
        yield sandbox, client
