"""Photos with polygons that people drew, from COCO, repeated with other ids until there are enough."""

import json
import shutil
from pathlib import Path

from tests.shared_data import data_set

__all__ = ["write_photos"]


def write_photos(folder: Path, copies: int, name: str = "coco-parts") -> int:
    """Write the files of a project; return how many labels it has."""
    given = data_set(name)
    shutil.copyfile(given / "project.json", folder / "project.json")
    assets, labels = [
        [json.loads(line) for line in (given / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()]
        for name in ("assets", "labels")
    ]
    with (
        (folder / "assets.ndjson").open("w", encoding="utf-8") as asset_file,
        (folder / "labels.ndjson").open("w", encoding="utf-8") as label_file,
    ):
        for copy in range(copies):
            for one in assets:
                row = {**one, "id": f"{one['id']}-{copy}", "externalId": f"{copy:03}-{one['externalId']}"}
                asset_file.write(json.dumps(row) + "\n")
            for one in labels:
                of = {"id": f"{one['assetId']}-{copy}", "externalId": f"{copy:03}-{one['labelOf']['externalId']}"}
                row = {**one, "id": f"{one['id']}-{copy}", "assetId": of["id"], "labelOf": of}
                label_file.write(json.dumps(row).replace('"mid": "', f'"mid": "{copy}-') + "\n")  # no two are equal
    return copies * len(labels)
