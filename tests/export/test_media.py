"""Media: local files, downloads that break off and go on, frames, videos; and what tells how images are labeled."""

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kili_query.export import DownloadError, NotCompatibleOptions, NotExportableAssetError, cutting, write
from kili_query.export.download import download
from tests.client.dripping_server import dripping
from tests.each import for_each
from tests.export.samples import asset, boxes, label, names, png, project, read, text
from tests.full_disk import files_at_most

ROOT = Path(__file__).resolve().parents[2]

DEGREES = [{"useClassicCoordinates": False, "epsg": "EPSG4326"}]
PIXELS = [{"useClassicCoordinates": True}]


class Server:
    """A web server of a few files, which can be told to fail, to change a file, and to wait for others to come."""

    def __init__(self):
        self.files = {}
        self.failures = Counter()
        self.later = {}  # what is there once a download broke off
        self.has_versions = True
        self.asked = []
        self.is_asked = threading.Event()
        self.raw = None  # a whole answer
        self.drips = None  # instead of a body, a byte now and then until this is set
        self.crowd = None  # answers wait until so many ask, or for a moment
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
        self.is_asked.set()
        data, kind = self.files.get(request.path, (None, ""))
        if data is None:
            request.send_error(404)
            return
        if self.raw is not None:
            request.wfile.write(self.raw)
            return
        version = f'"{sha256(data).hexdigest()}"'
        is_same = request.headers.get("If-Range") in (None, version)
        start = int((request.headers.get("Range") or "bytes=0-")[6:-1]) if is_same else 0
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(data) - start))
        request.send_header("Content-Type", kind)
        if self.has_versions:
            request.send_header("ETag", version)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.end_headers()
        breaks_off = self.failures[request.path] > 0
        self.failures[request.path] -= 1
        if self.drips is not None:
            with suppress(OSError):  # the other side went away
                while not self.drips.wait(0.01):
                    request.wfile.write(b"1")
            return
        half = start + (len(data) - start) // 2
        request.wfile.write(data[start:half])
        if self.crowd is not None:
            self.wait()
        if breaks_off:
            self.files[request.path] = (self.later.get(request.path, data), kind)
        else:
            request.wfile.write(data[half:])

    def wait(self):
        with suppress(threading.BrokenBarrierError):  # nobody else came
            self.crowd.wait(0.5)

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

    @pytest.mark.parametrize("has_versions", [True, False])
    def test_one_that_changes_meanwhile_is_not_mixed(self, tmp_path, server, has_versions):
        server.has_versions = has_versions
        url = server.put("/a.bin", b"1" * (1 << 19))
        server.failures["/a.bin"] = 1
        server.later["/a.bin"] = b"2" * (1 << 19)
        assert set(download(url, tmp_path / "a").file.read_bytes()) == {ord("2")}
        assert [asked for _, asked in server.asked] == [None, f"bytes={1 << 18}-" if has_versions else None]

    def test_nor_is_the_part_that_an_earlier_export_left(self, tmp_path, server):
        url = server.put("/a.bin", b"1" * (1 << 19))
        server.failures["/a.bin"] = 4
        with pytest.raises(DownloadError, match="4 attempts"):
            download(url, tmp_path / "x", tmp_path / "cache")
        server.put("/a.bin", b"2" * (1 << 19))
        assert set(download(url, tmp_path / "x", tmp_path / "cache").file.read_bytes()) == {ord("2")}

    def test_one_that_drips_is_given_up(self, tmp_path, server, monkeypatch):
        monkeypatch.setattr("kili_query.export.download._WINDOW_S", 0.1)
        server.drips = threading.Event()
        url = server.put("/a.bin", b"1" * 1_000_000)
        try:
            with pytest.raises(DownloadError, match=r"in 4 attempts: fewer than 65,536 bytes came in 0\.1 seconds"):
                download(url, tmp_path / "a")
        finally:
            server.drips.set()

    @pytest.mark.parametrize(
        ("begin", "again", "reason"),
        [
            (b"HTTP/1.1 200 OK\r\nX: ", b"x", "did not begin within 0.1 seconds"),
            (b"HTTP/1.1 20", b"0", "did not begin within 0.1 seconds"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "did not begin within 0.1 seconds"),
            (b"HTTP/1.1 302 Found\r\nLocation: ", b"/x", "did not begin within 0.1 seconds"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x", "fewer than 65,536 bytes came"),
            (b"HTTP/1.1 200 OK\r\n\r\n", b"x", "fewer than 65,536 bytes came"),
        ],
    )
    def test_one_that_drips_before_its_body_or_around_it(self, tmp_path, monkeypatch, begin, again, reason):
        for name, value in (("_WINDOW_S", 0.1), ("_HEADERS_S", 0.1), ("_FIRST_PAUSE_S", 0)):
            monkeypatch.setattr(f"kili_query.export.download.{name}", value)
        with dripping(begin, again) as server:
            begun_s = time.monotonic()
            with pytest.raises(DownloadError, match=rf"in 4 attempts: .*{reason}"):
                download(f"{server.origin}/a.bin", tmp_path / "a", tmp_path / "cache")
            assert time.monotonic() - begun_s < 10
            assert 0 < len(server.connections) <= 4  # the server may not have accepted the last one yet

    def test_an_answer_in_chunks_and_compressed(self, tmp_path, server):
        """By a server that does not care what it is asked for."""
        data = b"text " * 100_000
        packed = gzip.compress(data)
        body = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in (packed[:99], packed[99:])) + b"0\r\n\r\n"
        server.raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + body
        url = server.put("/a.bin", b"")
        assert download(url, tmp_path / "a").file.read_bytes() == data
        server.raw = server.raw[:-40]
        with pytest.raises(DownloadError, match="4 attempts: "):
            download(url, tmp_path / "b")

    def test_an_empty_file(self, tmp_path, server):
        url = server.put("/a.bin", b"")
        for _ in range(2):
            assert download(url, tmp_path / "x", tmp_path / "cache").file.read_bytes() == b""
        assert len(server.asked) == 1

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

    def test_one_url_of_three_assets_is_fetched_once(self, tmp_path, server):
        server.crowd = threading.Barrier(3)
        url = server.put("/a", png())
        summary = exported(
            tmp_path / "a.zip",
            [asset(number, content=url) for number in (1, 2, 3)],
            with_assets=True,
            media_cache=tmp_path / "cache",
        )
        assert (summary.media, len(server.asked)) == (3, 1)

    def test_two_programs_share_a_cache(self, tmp_path, server):
        """This program asks once the other one is being answered."""
        server.crowd = threading.Barrier(2)
        data = bytes(range(256)) * 4096
        url = server.put("/a.bin", data)
        program = in_a_program(url, tmp_path / "x", tmp_path / "cache")
        server.is_asked.wait(60)
        assert download(url, tmp_path / "y", tmp_path / "cache").file.read_bytes() == data
        assert program.communicate(timeout=60)[0] == sha256(data).hexdigest() + "\n"
        assert len(server.asked) == 1

    def test_a_full_disk_spoils_nothing(self, tmp_path, server):
        """Files may have 40,000 bytes, and in the second case 3 bytes, which the file has."""
        for name, data, most_bytes in (("/a", b"1" * 100_000, 40_000), ("/b", b"abc", 3)):
            url = server.put(name, data)
            with files_at_most(most_bytes), pytest.raises(OSError, match="File too large"):
                download(url, tmp_path / "x", tmp_path / "cache")
            assert download(url, tmp_path / "x", tmp_path / "cache").file.read_bytes() == data

    @pytest.mark.parametrize("ending", ["", ".json"])
    @pytest.mark.parametrize("left", [b"", b"{", b"[]", b'{"type": 3, "bytes": 1}'])
    def test_an_entry_that_is_not_whole_is_fetched_again(self, tmp_path, server, ending, left):
        url = server.put("/a", png())
        kept = download(url, tmp_path / "x", tmp_path / "cache").file
        kept.with_name(kept.name + ending).write_bytes(left)
        assert download(url, tmp_path / "x", tmp_path / "cache").file.read_bytes() == png()

    def test_the_extension_is_what_the_server_says(self, tmp_path, server):
        assets = [asset(1, "pier", content=server.put("/x", png()))]
        summary = exported(tmp_path / "a.zip", assets, with_assets=True)
        assert names(summary.path)[1:] == ["labels/pier.json", "assets/pier.png"]
        assert read(summary.path, "labels/pier.json")["content"] == "assets/pier.png"


def in_a_program(url, to, cache):
    """A program that downloads a file, and prints its digest."""
    code = f"""
from hashlib import sha256
from pathlib import Path
from kili_query.export.download import download
print(sha256(download({url!r}, Path({str(to)!r}), Path({str(cache)!r})).file.read_bytes()).hexdigest())
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)


BAD_SOURCES = [
    "http://[",
    "http://[::1/a",
    "http://h:99999999/a",
    "http://a\0b/",
    "http://\ud800/a",
    "http:///a",
    "http://" + "a" * 300 + "/",
    "HTTP://[",
    "a\0b",
    "\ud800",
    "a" * 5000,
    "a/" * 5000,
    "loop/a",
]


class TestBadSources:
    """One asset that names something impossible is left out, and the others are not."""

    @for_each(BAD_SOURCES)
    def test_of_media(self, source, tmp_path):
        (tmp_path / "2.png").write_bytes(png())
        (tmp_path / "loop").symlink_to("loop")
        assets = [asset(1, content=source), asset(2, content="2.png")]
        options = {"with_assets": True, "media_root": tmp_path}
        summary = exported(tmp_path / "a.zip", assets, on_error="skip", **options)
        assert names(summary.path)[1:] == ["labels/2.png.json", "assets/2.png"]
        assert "asset `1.png`" in str(summary.problems[0])
        summary = exported(tmp_path / "b.zip", assets, "yolo_v5", on_error="skip")  # their names go into a table
        assert "DET/labels/1.txt" in names(summary.path)

    @for_each([one for one in BAD_SOURCES if one.lower().startswith("http")])
    def test_of_what_tells_how_they_are_labeled(self, source, tmp_path):
        assets = [asset(1, jsonContent=source), asset(2)]
        summary = exported(tmp_path / "a.zip", assets, "pascal_voc", layout="merged", on_error="skip")
        assert names(summary.path)[1:] == ["labels/2.xml"]

    @pytest.mark.parametrize("listed", ["http://[", ["a.png", "http://["], {"0": "a.png", "9" * 5000: "a.png"}])
    def test_of_frames(self, tmp_path, listed):
        (tmp_path / "a.png").write_bytes(png())
        assets = [asset(1, "film", jsonContent=listed), asset(2, "good", jsonContent=["a.png"])]
        labels = [label(number, {"0": boxes()}) for number in (1, 2)]
        options = {"with_assets": True, "media_root": tmp_path, "on_error": "skip"}
        summary = exported(tmp_path / "a.zip", assets, "kili", labels, project("VIDEO"), **options)
        assert summary.media == 1
        exported(tmp_path / "b.zip", assets, "yolo_v5", labels, project("VIDEO"))

    def test_a_list_of_frames_that_is_not_text(self, tmp_path, server):
        films = [asset(1, "film", jsonContent=server.put("/list", b"\xff\xfe\xfa"))]
        summary = exported(tmp_path / "a.zip", films, "kili", None, project("VIDEO"), with_assets=True, on_error="skip")
        assert "not JSON" in str(summary.problems[0])

    def test_a_key_in_a_url_is_not_shown(self, tmp_path, server):
        url = server.url.replace("//", "//ada:secret@") + "/none?token=secret"
        with pytest.raises(DownloadError) as caught:
            exported(tmp_path / "a.zip", [asset(1, content=url)], with_assets=True)
        assert "secret" not in str(caught.value)


def test_spreadsheets_take_no_cell_for_a_formula(tmp_path):
    bad = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"]
    assets = [asset(number, name, content=f"{name}/x") for number, name in enumerate(bad)]
    labels = [label(number) for number in range(len(bad))]
    summary = exported(tmp_path / "a.zip", assets, "yolo_v5", labels)
    rows = list(csv.reader(StringIO(text(summary.path, "images/remote_assets.csv"), newline="")))
    assert [row[:2] for row in rows[1:]] == [[f"'{name}", f"'{name}/x"] for name in bad]
    files = {os.path.normpath(f"DET/labels/{row[2]}") for row in rows[1:]}
    assert files == {name for name in names(summary.path) if name.endswith(".txt") and name.startswith("DET")}


class TestLocalFiles:
    def test_below_the_folder_of_the_assets(self, tmp_path):
        (tmp_path / "1.png").write_bytes(png())
        (tmp_path / "assets.ndjson").write_text(json.dumps(asset(1, content="1.png")))
        summary = write(
            [label(1)], tmp_path / "assets.ndjson", project(), fmt="raw", to=tmp_path / "a.zip", with_assets=True
        )
        assert "assets/1.png" in names(summary.path)

    @for_each(["../secret", "/etc/hostname", "none.png", "", None, 3, "file:///etc/hostname"])
    def test_none_outside_is_read(self, content, tmp_path):
        (tmp_path / "secret").write_text("x")
        (tmp_path / "in").mkdir()
        with pytest.raises(DownloadError, match=r"asset `1\.png`: "):
            exported(tmp_path / "a.zip", [asset(1, content=content)], with_assets=True, media_root=tmp_path / "in")
        assert not (tmp_path / "a.zip").exists()


def film(path, kind="mp4"):
    """A film of 12 frames."""
    path.write_bytes(film_of(kind))


@cache
def film_of(kind):
    source = ["-f", "lavfi", "-i", "testsrc=size=32x16:rate=5:duration=2.4"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        subprocess.run(["ffmpeg", "-v", "error", *source, "-c:v", "mpeg4", "-f", kind, str(path)], check=True)
        return path.read_bytes()


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

    @pytest.mark.parametrize(("told", "message"), [("[1, 2]", "must hold URLs or paths"), ("{", "not JSON")])
    def test_malformed_lists_of_frames(self, tmp_path, told, message):
        films = [asset(1, "film", jsonContent=told)]
        with pytest.raises(DownloadError, match=message):
            exported(tmp_path / "a.zip", films, "kili", [self.FILM], project("VIDEO"), with_assets=True)

    def cut(self, folder, told=None, fmt="yolo_v5", **options):
        films = [asset(1, "film.mp4", content="film.mp4", jsonMetadata={"processingParameters": told or {}})]
        options = {"with_assets": True, "cut_videos": True, "media_root": folder, **options}
        return exported(folder / "a.zip", films, fmt, [self.FILM], project("VIDEO"), **options)

    def test_cut_in_frames(self, tmp_path):
        film(tmp_path / "film.mp4")
        found = names(self.cut(tmp_path).path)
        assert [name for name in found if name.startswith("images/")] == [
            "images/film.mp4",
            *(f"images/film.mp4_{number:02}.jpg" for number in range(1, 13)),
        ]

    def test_at_another_rate(self, tmp_path):
        film(tmp_path / "film.mp4")
        told = {"framesPlayedPerSecond": 10, "shouldKeepNativeFrameRate": False}
        assert self.cut(tmp_path, told).media == 1 + 24

    @for_each([0, -1, float("nan"), float("inf"), 1e9, True, "25,scale=9:9"])
    def test_a_malformed_rate(self, rate, tmp_path):
        film(tmp_path / "film.mp4")
        with pytest.raises(DownloadError, match="`framesPlayedPerSecond` must be"):
            self.cut(tmp_path, {"framesPlayedPerSecond": rate, "shouldKeepNativeFrameRate": False})

    @pytest.mark.parametrize(
        "playlist",
        [
            "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n",
            "ffconcat version 1.0\nfile '{}'\n",
            "v=0\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n#{}\n",
        ],
    )
    def test_a_playlist_that_calls_itself_a_video(self, tmp_path, playlist):
        film(tmp_path / "secret.ts", "mpegts")
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "film.mp4").write_text(playlist.format(tmp_path / "secret.ts"))
        with pytest.raises(DownloadError, match="ffmpeg cannot cut it"):
            self.cut(tmp_path / "in")

    def test_limits_of_time_and_frames(self, tmp_path, monkeypatch):
        film(tmp_path / "film.mp4")
        monkeypatch.setattr(cutting, "_MOST_FRAMES", 11)
        with pytest.raises(DownloadError, match="more than 11 frames"):
            self.cut(tmp_path)
        monkeypatch.setattr(cutting, "_TIMEOUT_S", 1e-6)
        with pytest.raises(DownloadError, match="did not cut it within"):
            self.cut(tmp_path)

    def test_without_ffmpeg(self, tmp_path, monkeypatch):
        monkeypatch.setattr(cutting.shutil, "which", lambda _: None)
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
        with pytest.raises(DownloadError, match=r"its `jsonContent` cannot be fetched: .*HTTP 404"):
            exported(tmp_path / "a.zip", assets, "coco")

    def test_layers_that_are_not_json(self, tmp_path, server):
        assets = [asset(1, jsonContent=server.put("/x", b"<html>", "text/html"))]
        with pytest.raises(DownloadError, match="not JSON"):
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
