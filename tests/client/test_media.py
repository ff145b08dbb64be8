"""Assets with their media, and as data frames."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kili_query.client import KiliClient
from kili_query.errors import ArgumentError, IncompatibleArgumentsError
from kili_query.export import DownloadError
from kili_query.output_files import WriteError
from kili_query.sandbox import Sandbox
from tests.ending import end_by

PROJECT = "p/1"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server of a few files, each of which holds its own name."""
    folder = tmp_path_factory.mktemp("web")
    for name in ("0.jpg", "1.png", "clip.mp4", "f0.png", "f1.png", "rich.json"):
        (folder / name).write_text(name)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        (folder / "frames.json").write_text(json.dumps({"0": url + "f0.png", "1": url + "f1.png"}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url
        server.shutdown()


def box_of(folder: Path, input_type: str, *assets: dict[str, Any]) -> Sandbox:
    categories = {"A": {"name": "A", "children": []}}
    job = {"mlTask": "CLASSIFICATION", "isChild": False, "content": {"input": "radio", "categories": categories}}
    project = {"id": PROJECT, "title": "t", "inputType": input_type, "jsonInterface": {"jobs": {"J": job}}}
    place = folder / "project"
    place.mkdir()
    (place / "project.json").write_text(json.dumps(project))
    dated = ({"createdAt": f"2024-01-0{number + 1}T00:00:00.000Z", **one} for number, one in enumerate(assets))
    (place / "assets.ndjson").write_text("".join(json.dumps(one) + "\n" for one in dated))
    return Sandbox(place)


def files_in(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def images(tmp_path: Path, web: str) -> Iterator[KiliClient]:
    assets = [
        {"id": "a0", "externalId": "d/../x y.jpg", "content": web + "0.jpg"},
        {"id": "a1", "externalId": "twin", "content": web + "1.png?X-Goog-Signature=ab"},
        {"id": "a2", "externalId": "Twin", "content": web + "1.png", "jsonContent": "[1]"},
        {"id": "a3", "externalId": "none", "content": ""},
        {"id": "a4", "externalId": "elsewhere", "content": "../secret.png"},
    ]
    with (
        box_of(tmp_path, "IMAGE", *assets) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        yield client


def test_media_are_files_and_the_assets_have_their_paths(images: KiliClient, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "media"
    with pytest.warns(UserWarning, match="without a URL that can be downloaded stay as they are: `none`, `elsewhere`$"):
        found = images.assets(PROJECT, fields=["id", "content"], download_media=True, local_media_dir=folder)
    assert found == [
        {"id": "a0", "content": str(folder / "d/_/x y.jpg")},
        {"id": "a1", "content": str(folder / "twin.png")},
        {"id": "a2", "content": str(folder / "Twin~2.png")},
        {"id": "a3", "content": ""},
        {"id": "a4", "content": "../secret.png"},
    ]
    assert files_in(folder) == {"d/_/x y.jpg": "0.jpg", "twin.png": "1.png", "Twin~2.png": "1.png"}


def test_a_generator_downloads_as_it_is_read(images: KiliClient, tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"fields": ["content"], "download_media": True, "local_media_dir": tmp_path / "m"}
    found = images.assets(PROJECT, as_generator=True, disable_tqdm=True, **arguments)
    assert not (tmp_path / "m").exists()
    assert next(found) == {"content": str(tmp_path / "m" / "d/_/x y.jpg")}
    found.close()  # type: ignore[attr-defined]
    assert files_in(tmp_path / "m") == {"d/_/x y.jpg": "0.jpg"}


def test_a_killed_download_leaves_nothing_for_long(images: KiliClient, tmp_path: Path) -> None:
    """Of two calls that end, one removes what a killed process left, and not what a running one has."""
    folder = tmp_path / "m"
    arguments: dict[str, Any] = {"asset_id_in": ["a0", "a1"], "download_media": True, "local_media_dir": str(folder)}
    script = f"""
import sys
from kili_query.client import KiliClient
rows = KiliClient(sys.argv[1], sys.argv[2]).assets({PROJECT!r}, as_generator=True, disable_tqdm=True, **{arguments!r})
print(next(rows)["content"], flush=True)
sys.stdin.read()
"""
    key, endpoint = images._settings.api_key, images._settings.endpoint
    command = [sys.executable, "-c", script, key, endpoint]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == f"{folder / 'd/_/x y.jpg'}\n"
        images.assets(PROJECT, **arguments)
        hidden = [path.suffix for path in folder.glob(".*")]
        assert sorted(hidden) == [".files", ".part"]
        end_by(killed, signal.SIGKILL)
    assert len(list(folder.glob(".*"))) == 2
    images.assets(PROJECT, **arguments)
    assert list(folder.glob(".*")) == []


def test_the_usual_folder(images: KiliClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = images.assets(PROJECT, asset_id="a1", download_media=True)
    assert found[0]["content"] == str(tmp_path / ".cache/kili/projects/p/1/assets/twin.png")
    images.assets(PROJECT, asset_id="a1", local_media_dir=str(tmp_path / "unused"))
    assert not (tmp_path / "unused").exists()


def test_videos(tmp_path: Path, web: str) -> None:
    whole = {"id": "v0", "externalId": "clip", "content": web + "clip.mp4"}
    listed = {"id": "v1", "externalId": "cut.mp4", "content": "", "jsonContent": web + "frames.json"}
    both = {"id": "v2", "externalId": "both", "content": web + "clip.mp4", "jsonContent": web + "frames.json"}
    folder = tmp_path / "media"
    with (
        box_of(tmp_path, "VIDEO", whole, listed, both) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        found = client.assets(PROJECT, fields=["content"], download_media=True, local_media_dir=folder)
    assert found == [
        {"content": str(folder / "clip.mp4")},
        {"content": "", "jsonContent": [str(folder / f"cut_{number}.png") for number in (1, 2)]},
        {"content": web + "clip.mp4", "jsonContent": [str(folder / f"both_{number}.png") for number in (1, 2)]},
    ]
    assert files_in(folder)["cut_2.png"] == "f1.png"


def test_a_rich_text_is_the_file_of_its_json(tmp_path: Path, web: str) -> None:
    rich = {"id": "t0", "externalId": "story", "content": "", "jsonContent": web + "rich.json"}
    with (
        box_of(tmp_path, "TEXT", rich) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        [found] = client.assets(PROJECT, fields=["content"], download_media=True, local_media_dir=tmp_path / "m")
    assert found == {"content": "", "jsonContent": str(tmp_path / "m" / "story.json")}


def test_what_cannot_be_downloaded_leaves_no_part(tmp_path: Path, web: str) -> None:
    gone = {"id": "a1", "externalId": "gone", "content": web + "no-such.png"}
    folder = tmp_path / "media"
    with (
        box_of(tmp_path, "IMAGE", {"id": "a0", "externalId": "x", "content": web + "0.jpg"}, gone) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
        pytest.raises(DownloadError, match=r"the media of asset `gone`: .*HTTP 404"),
    ):
        client.assets(PROJECT, download_media=True, local_media_dir=folder)
    assert files_in(folder) == {"x.jpg": "0.jpg"}
    assert [path.name for path in folder.iterdir()] == ["x.jpg"]


def test_a_folder_that_cannot_be_made(images: KiliClient, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="is a file, not a folder"):
        images.assets(PROJECT, download_media=True, local_media_dir=tmp_path / "file" / "below")


def test_a_name_that_is_a_folder(images: KiliClient, tmp_path: Path) -> None:
    (tmp_path / "m" / "twin.png" / "inside").mkdir(parents=True)
    with pytest.raises(WriteError, match=r"twin\.png"):
        images.assets(PROJECT, asset_id="a1", download_media=True, local_media_dir=tmp_path / "m")


def test_a_data_frame(images: KiliClient, tmp_path: Path) -> None:
    frame = images.assets(PROJECT, fields=["id", "labels.id", "labels.author.email", "externalId"], format="pandas")
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == ["id", "labels", "externalId"]
    assert frame["id"].tolist() == ["a0", "a1", "a2", "a3", "a4"]
    assert list(images.assets(PROJECT, asset_id="no-such", fields=["id", "skipped"], format="pandas")) == [
        "id",
        "skipped",
    ]
    folder = tmp_path / "m"
    saved = images.assets(
        PROJECT, fields=["content"], first=1, format="pandas", download_media=True, local_media_dir=folder
    )
    assert saved["content"].tolist() == [str(folder / "d/_/x y.jpg")]
    assert images.assets(PROJECT, fields=["id"], first=1, format="raw") == [{"id": "a0"}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "csv"}, "`format` must be 'raw' or 'pandas', not 'csv'"),
        ({"format": "pandas", "as_generator": True}, "leave `as_generator` out"),
        ({"download_media": True, "fields": ["id"]}, "add it to `fields`"),
        ({"download_media": True, "fields": "content"}, "`fields` must be a list"),
        ({"download_media": True, "local_media_dir": 5}, "`local_media_dir` must be the path"),
        ({"download_media": True, "local_media_dir": __file__}, "`local_media_dir` is a file"),
        ({"download_media": True, "project_id": ""}, "`project_id` must be"),
    ],
)
def test_wrong_arguments_come_before_any_request(arguments: dict[str, Any], message: str) -> None:
    class Nobody:
        def ask(self, request: object, timeout_s: float = 60) -> object:
            raise AssertionError(request)

        def get_json(self, url: str) -> object:
            raise AssertionError(url)

    client = KiliClient("key", transport=Nobody())
    with pytest.raises(ArgumentError, match=message) as error:
        client.assets(**{"project_id": PROJECT, **arguments})
    assert isinstance(error.value, IncompatibleArgumentsError) == ("as_generator" in arguments)
