"""Media of assets: both clients download the same files, and theirs overwrites some."""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kili_query.sandbox import Sandbox
from tests.peers.label_project import PROJECT_ID
from tests.peers.official import LATEST, OURS
from tests.peers.test_label_methods import ROOT, call_methods

NAMES = ["plain.jpg", "no extension", "d1/deep.jpg", "twin", "twin"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def write_project(folder: Path, url: str) -> Path:
    folder.mkdir()
    interface: dict[str, object] = {"jobs": {}}
    project = {"id": PROJECT_ID, "title": "t", "inputType": "IMAGE", "jsonInterface": interface}
    (folder / "project.json").write_text(json.dumps(project))
    assets = (
        {"id": f"a{number}", "externalId": name, "content": f"{url}{number}.jpg", "createdAt": f"2024-01-0{number + 1}"}
        for number, name in enumerate(NAMES)
    )
    (folder / "assets.ndjson").write_text("".join(json.dumps(one) + "\n" for one in assets))
    return folder


def run(client: str, box: Sandbox, folder: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The assets, and the content of each file in the folder, by name."""
    media, home = folder / "media", folder / "home"
    home.mkdir(parents=True)
    arguments = {"project_id": PROJECT_ID, "fields": ["id", "externalId", "content", "jsonContent"]}
    wanted = {**arguments, "download_media": True, "local_media_dir": str(media), "disable_tqdm": True}
    step = {"name": "assets", "method": "assets", "arguments": wanted}
    section = {"endpoint": box.endpoint, "api_key": box.api_key, "steps": [step]}
    [[record]] = call_methods(client, [section], home)
    assert "result" in record, record
    found = sorted(record["result"], key=lambda one: one["id"])  # type: ignore[arg-type,attr-defined]
    for one in found:
        one["content"] = Path(one["content"]).relative_to(media).as_posix()
    return found, {str(path.relative_to(media)): path.read_text() for path in media.rglob("*") if path.is_file()}


def test_files_and_paths_are_equal_but_for_twins(tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    for number in range(len(NAMES)):
        (web / f"{number}.jpg").write_text(f"{number}")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(web))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Sandbox(write_project(tmp_path / "p", f"http://127.0.0.1:{server.server_address[1]}/")) as box:
            theirs, their_files = run(LATEST, box, tmp_path / "theirs")
            ours, our_files = run(OURS, box, tmp_path / "ours")
        server.shutdown()
    assert theirs[:3] == ours[:3]
    assert [one["content"] for one in ours] == [
        "plain.jpg",
        "no extension.jpg",
        "d1/deep.jpg",
        "twin.jpg",
        "twin~2.jpg",
    ]
    assert [our_files[one["content"]] for one in ours] == ["0", "1", "2", "3", "4"]
    assert [one["content"] for one in theirs[3:]] == ["twin.jpg", "twin.jpg"]
    assert len(their_files) == 4


def test_the_difference_is_documented() -> None:
    assert "\n### Names of media\n" in (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
