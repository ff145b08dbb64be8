"""Load an unpacked export with ultralytics; its environment runs this file, which imports nothing of ours.

Usage: ultralytics_judge.py TASK FOLDER ANSWER. Writes as JSON, by the name of each image without suffix, how many
objects it has, and the shape of their keypoints. An image whose labels ultralytics refuses is missing.
"""

import json
import sys
from importlib import import_module
from pathlib import Path


def judge(task: str, folder: Path) -> dict[str, tuple[int, list[int] | None]]:
    """Return what ultralytics loads for a task."""
    image_of = import_module("PIL.Image").new
    for label in (folder / "labels").rglob("*.txt"):
        image = folder / "images" / label.relative_to(folder / "labels").with_suffix(".jpg")
        image.parent.mkdir(parents=True, exist_ok=True)
        image_of("RGB", (64, 48)).save(image)
    data = import_module("ultralytics.data.utils").check_det_dataset(str(folder / "data.yaml"), autodownload=False)
    loaded = import_module("ultralytics.data.dataset").YOLODataset(
        img_path=data["train"], data=data, task=task, augment=False
    )
    found: dict[str, tuple[int, list[int] | None]] = {}
    for one in loaded.labels:
        points = one["keypoints"]
        found[Path(one["im_file"]).stem] = (len(one["cls"]), None if points is None else list(points.shape[1:]))
    return found


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps(judge(sys.argv[1], Path(sys.argv[2]))), encoding="utf-8")
