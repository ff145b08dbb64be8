"""What an archive says about itself: ``README.kili.txt``, and ``manifest.json`` where names had to change."""

import json
from collections.abc import Mapping

from kili_query.export.format import Entry
from kili_query.export.options import Options
from kili_query.export.project import Project

__all__ = ["MANIFEST", "README", "manifest", "readme"]

README = "README.kili.txt"
MANIFEST = "manifest.json"


def readme(project: Project, options: Options, format_name: str) -> Entry:
    """The project and the format, for people; without ``exported_at`` no date, for the same bytes each time."""
    lines = {
        "Project name": project.title,
        "Project identifier": project.id,
        "Project description": project.description,
        "Project input type": project.input_type,
        "Export date": "" if options.exported_at is None else f"{options.exported_at:%Y%m%d-%H%M%S}",
        "Exported format": format_name,
        "Exported labels": options.export_type,
    }
    title = "Exported Labels from KILI"
    body = [f"- {name}: {' '.join(value.split())}" for name, value in lines.items() if value or name != "Export date"]
    return Entry(README, "\n".join([title, "=" * len(title), "", *body, ""]).encode("utf-8", "backslashreplace"))


def manifest(assets: list[Mapping[str, object]], folders: Mapping[str, str]) -> Entry | None:
    """The names that had to change: ``{"assets": [{"externalId", "id", "name"}], "jobs": {job: folder}}``."""
    renamed = {job: folder for job, folder in folders.items() if job != folder}
    if not assets and not renamed:
        return None
    value = {"assets": assets, "jobs": renamed}
    return Entry(MANIFEST, (json.dumps(value, indent=2) + "\n").encode())
