"""Media: local files, downloads that break off and go on, frames, videos; and what tells how images are labeled."""

import json
import subprocess
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from kili_query.export import DownloadError, NotCompatibleOptions, NotExportableAssetError, media, write
from kili_query.export.download import download
from tests.export.samples import asset, boxes, label, names, png, project, read

DEGREES = [{"useClassicCoordinates": False, "epsg": "EPSG4326"}]
PIXELS = [{"useClassicCoordinates": True}]


class Server:
    """A web server of a few files, which can be told to fail."""

    def __init__(self):
        self.files = {}
        self.failures = Counter()
        self.asked = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def answer(self, request):
        self.asked.append((request.path, request.headers.get("Range")))
        data, kind = self.files.get(request.path, (None, ""))
        if data is None:
            request.send_error(404)
            return
        start = int((request.headers.get("Range") or "bytes=0-")[6:-1])
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(data) - start))
        request.send_header("Content-Type", kind)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.end_headers()
        breaks_off = self.failures[request.path] > 0
        self.failures[request.path] -= 1
        request.wfile.write(data[start : start + (len(data) - start) // 2] if breaks_off else data[start:])

    def put(self, path, data, kind="image/png"):
        self.files[path] = (data, kind)
        return self.url + path


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("kili_query.export.download._FIRST_PAUSE_S", 0)


def exported(to, assets, fmt="kili", labels=None, project_=None, **options):
    labels = [label(number + 1) for number in range(len(assets))] if labels is None else labels
    return write(labels, assets, project_ or project(), fmt=fmt, to=to, **options)


class TestDownloads:
    def test_one_that_breaks_off_goes_on_where_it_was(self, tmp_path, server):
        data = bytes(range(256)) * 4096
        url = server.put("/a.bin", data)
        server.failures["/a.bin"] = 2
        assert download(url, tmp_path / "a").file.read_bytes() == data
        assert [asked for _, asked in server.asked] == [None, f"bytes={1 << 19}-", f"bytes={3 << 18}-"]

    def test_one_that_fails_leaves_what_was_there_and_names_its_asset(self, tmp_path, server):
        url = server.put("/a.png?X-Goog-Signature=secret", png())
        server.failures["/a.png?X-Goog-Signature=secret"] = 99
        (tmp_path / "a.zip").write_bytes(b"old")
        with pytest.raises(
            DownloadError, match=r"asset `1\.png`: `http.*/a\.png` could not be downloaded in 4 attempts"
        ):
            exported(tmp_path / "a.zip", [asset(1, content=url)], with_assets=True)
        assert (tmp_path / "a.zip").read_bytes() == b"old"

    def test_or_leaves_its_asset_out(self, tmp_path, server):
        assets = [asset(1, content=server.url + "/none"), asset(2, content=server.put("/2.png", png()))]
        summary = exported(tmp_path / "a.zip", assets, with_assets=True, on_error="skip")
        assert names(summary.path)[1:] == ["labels/2.png.json", "assets/2.png"]
        assert "HTTP 404" in summary.problems[0].reason

    def test_the_cache_keeps_what_an_export_that_failed_had(self, tmp_path, server):
        assets = [asset(1, content=server.put("/1", png())), asset(2, content=server.url + "/2")]
        options = {"with_assets": True, "media_cache": tmp_path / "cache"}
        with pytest.raises(DownloadError, match="HTTP 404"):
            exported(tmp_path / "a.zip", assets, **options)
        server.put("/2", png(20))
        server.files.pop("/1")
        summary = exported(tmp_path / "a.zip", assets, **options)
        assert summary.media == 2

    def test_in_the_cache_a_signature_is_not_part_of_a_name_and_an_id_is(self, tmp_path, server):
        for number in (1, 2):
            server.put(f"/files?id={number}", png(number))
            server.put(f"/files?id={number}&X-Amz-Signature=new", png(99))
        found = [
            download(f"{server.url}/files?id={number}{signed}", tmp_path / "x", tmp_path / "cache").file.read_bytes()
            for signed in ("", "&X-Amz-Signature=new")
            for number in (1, 2)
        ]
        assert found == [png(1), png(2)] * 2

    def test_the_extension_is_what_the_server_says(self, tmp_path, server):
        assets = [asset(1, "pier", content=server.put("/x", png()))]
        summary = exported(tmp_path / "a.zip", assets, with_assets=True)
        assert names(summary.path)[1:] == ["labels/pier.json", "assets/pier.png"]
        assert read(summary.path, "labels/pier.json")["content"] == "assets/pier.png"


class TestLocalFiles:
    def test_below_the_folder_of_the_assets(self, tmp_path):
        (tmp_path / "1.png").write_bytes(png())
        (tmp_path / "assets.ndjson").write_text(json.dumps(asset(1, content="1.png")))
        summary = write(
            [label(1)], tmp_path / "assets.ndjson", project(), fmt="raw", to=tmp_path / "a.zip", with_assets=True
        )
        assert "assets/1.png" in names(summary.path)

    @pytest.mark.parametrize("content", ["../secret", "/etc/hostname", "none.png", "", None, 3, "file:///etc/hostname"])
    def test_none_outside_is_read(self, tmp_path, content):
        (tmp_path / "secret").write_text("x")
        (tmp_path / "in").mkdir()
        with pytest.raises(DownloadError, match=r"asset `1\.png`: "):
            exported(tmp_path / "a.zip", [asset(1, content=content)], with_assets=True, media_root=tmp_path / "in")
        assert not (tmp_path / "a.zip").exists()


class TestVideos:
    FILM = label(1, {str(frame): boxes() for frame in (0, 11)})

    def test_frames_by_a_list_at_a_url(self, tmp_path, server):
        frames = [server.put(f"/{number}.png", png(10 + number)) for number in range(12)]
        films = [asset(1, "film", jsonContent=server.put("/list", json.dumps(frames).encode(), "application/json"))]
        video = project("VIDEO")
        summary = exported(tmp_path / "a.zip", films, "coco", [self.FILM], video, with_assets=True)
        document = read(summary.path, "DET/labels.json")
        assert [image["file_name"] for image in document["images"]] == ["data/film_01.png", "data/film_12.png"]
        assert summary.media == 12

    @pytest.mark.parametrize(("told", "message"), [("[1, 2]", "something else"), ("{", "no JSON")])
    def test_lists_that_are_none(self, tmp_path, told, message):
        films = [asset(1, "film", jsonContent=told)]
        with pytest.raises(DownloadError, match=message):
            exported(tmp_path / "a.zip", films, "kili", [self.FILM], project("VIDEO"), with_assets=True)

    def test_cut_in_frames(self, tmp_path):
        source = ["-f", "lavfi", "-i", "testsrc=size=32x16:rate=5:duration=2.4"]
        subprocess.run(["ffmpeg", "-v", "error", *source, "-c:v", "mpeg4", str(tmp_path / "film.mp4")], check=True)
        films = [asset(1, "film.mp4", content="film.mp4")]
        options = {"with_assets": True, "cut_videos": True, "media_root": tmp_path}
        summary = exported(tmp_path / "a.zip", films, "yolo_v5", [self.FILM], project("VIDEO"), **options)
        found = names(summary.path)
        assert [name for name in found if name.startswith("images/")] == [
            "images/film.mp4",
            *(f"images/film.mp4_{number:02}.jpg" for number in range(1, 13)),
        ]

    def test_without_ffmpeg(self, tmp_path, monkeypatch):
        monkeypatch.setattr(media.shutil, "which", lambda _: None)
        with pytest.raises(NotCompatibleOptions, match="needs the program ffmpeg"):
            exported(tmp_path / "a.zip", [], "kili", [], project("VIDEO"), with_assets=True, cut_videos=True)


class TestHowImagesAreLabeled:
    """``jsonContent`` tells, itself or at a URL."""

    def geojson(self, to, assets, **options):
        return exported(to, assets, "geojson", layout="merged", **options)

    def test_at_a_url(self, tmp_path, server):
        degrees = server.put("/degrees", json.dumps(DEGREES).encode(), "application/json")
        pixels = server.put("/pixels", json.dumps(PIXELS).encode(), "application/json")
        assets = [asset(1, jsonContent=degrees), asset(2, jsonContent=pixels)]
        summary = self.geojson(tmp_path / "a.zip", assets, on_error="skip")
        assert names(summary.path)[1:] == ["labels/1.png.geojson"]
        summary = exported(tmp_path / "b.zip", assets, "pascal_voc", layout="merged", on_error="skip")
        assert names(summary.path)[1:] == ["labels/2.xml"]
        with pytest.raises(NotExportableAssetError, match=r"asset `2\.png`: its `jsonContent` does not say"):
            self.geojson(tmp_path / "a.zip", assets)

    def test_nothing_is_asked_where_it_does_not_matter(self, tmp_path, server):
        assets = [asset(1, jsonContent=server.url + "/none")]
        for fmt in ("kili", "jsonl"):
            exported(tmp_path / fmt, assets, fmt)
        assert server.asked == []
        with pytest.raises(DownloadError, match=r"its `jsonContent` says how it is labeled, but .*HTTP 404"):
            exported(tmp_path / "a.zip", assets, "coco")

    def test_what_is_there_is_no_json(self, tmp_path, server):
        assets = [asset(1, jsonContent=server.put("/x", b"<html>", "text/html"))]
        with pytest.raises(DownloadError, match="no JSON"):
            self.geojson(tmp_path / "a.zip", assets)

    def test_degrees_have_no_pixels(self, tmp_path):
        assets = [asset(1, jsonContent=DEGREES)]
        with pytest.raises(NotCompatibleOptions, match="no pixels"):
            exported(tmp_path / "a.zip", assets, normalized_coordinates=False)

    def test_many_keep_their_order(self, tmp_path, server):
        urls = [server.put(f"/{number}", json.dumps(DEGREES).encode()) for number in range(40)]
        assets = [asset(number + 1, jsonContent=url) for number, url in enumerate(urls)]
        summary = self.geojson(tmp_path / "a.zip", assets)
        assert names(summary.path)[1:] == [f"labels/{number}.png.geojson" for number in range(1, 41)]
        assert sorted(urlsplit(path).path for path, _ in server.asked) == sorted(f"/{number}" for number in range(40))
