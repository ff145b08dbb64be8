"""Small projects, assets and labels, and what an export made of them."""

import json
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image

BOX = ((0.1, 0.6), (0.1, 0.2), (0.355, 0.2), (0.355, 0.6))

JOBS = {
    "DET": {
        "mlTask": "OBJECT_DETECTION",
        "tools": ["rectangle", "semantic"],
        "instruction": "Find",
        "content": {"input": "radio", "categories": {"KITE": {"name": "Kite"}, "BOAT": {"name": "Small boat"}}},
    },
    "CLS": {
        "mlTask": "CLASSIFICATION",
        "content": {"input": "radio", "categories": {"A": {"name": "A"}, "B": {"name": "B"}}},
    },
}


def project(input_type="IMAGE", jobs=JOBS, **more):
    return {
        "id": "prj9",
        "title": "Harbour",
        "description": "toy",
        "inputType": input_type,
        "jsonInterface": {"jobs": jobs},
        **more,
    }


def asset(number, external_id=None, **more):
    external_id = f"{number}.png" if external_id is None else external_id
    return {"id": f"as{number}", "externalId": external_id, "resolution": {"width": 200, "height": 100}, **more}


def box(category="BOAT", corners=BOX, **more):
    vertices = [{"x": x, "y": y} for x, y in corners]
    drawn = {"type": "rectangle", "boundingPoly": [{"normalizedVertices": vertices}]}
    return {"mid": "m", "categories": [{"name": category}], "children": {}, **drawn, **more}


def boxes(*annotations):
    return {"DET": {"annotations": list(annotations) or [box()]}}


def label(number, response=None, **more):
    response = boxes() if response is None else response
    return {
        "id": f"l{number}",
        "assetId": f"as{number}",
        "labelType": "DEFAULT",
        "createdAt": "2026-01-02T03:04:05.000Z",
        "jsonResponse": response,
        **more,
    }


def names(path):
    """The names in an archive."""
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def text(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def read(path, name):
    """A JSON file of an archive."""
    return json.loads(text(path, name))


@cache
def png(width=200, height=100):
    file = BytesIO()
    Image.new("RGB", (width, height), "navy").save(file, "PNG")
    return file.getvalue()


def left_in(folder: Path):
    """All that lies below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
