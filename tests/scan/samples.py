"""Small labels, and what a scan finds in them."""

import json

from kili_query.scanning import LabelSource, Scan, scan

QUERY = "SKY.BLUE.count > 0"

BLUE = {"SKY": {"categories": [{"name": "BLUE", "confidence": 100}]}}
GREY = {"SKY": {"categories": [{"name": "GREY"}]}}


def label(name: str, content: object = BLUE) -> dict[str, object]:
    return {"id": name, "labelType": "DEFAULT", "jsonResponse": content}


LABELS = [label("a"), label("b", GREY), label("c"), label("d", json.dumps(BLUE)), label("e", {})]
MATCHING = ["a", "c", "d"]


def ndjson(labels: list[dict[str, object]] = LABELS) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in labels)


def found(source: LabelSource) -> tuple[list[object], Scan]:
    """The ids of the matching labels, and the scan that found them."""
    labels = scan(source, QUERY)
    return [one["id"] for one in labels], labels


def reasons(labels: Scan) -> list[str]:
    return [str(problem) for problem in labels.report.problems]
