"""The server of the page, on a real port: who may ask, and what answers say to browsers."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kili_query.datasets.files import Files
from kili_query.errors import SourceError
from kili_query.ontology import Ontology
from kili_query.page.images import FileImages
from kili_query.page.plain import PlainSource
from kili_query.page.server import MAX_BODY_BYTES, PageServer
from tests.page.pages import Client, served

JSON = {"Content-Type": "application/json"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
LABELS: list[dict[str, Any]] = [
    {"id": str(n), "jsonResponse": {"J": {"categories": [{"name": "A"}] * n}}} for n in range(3)
]


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    with served(PlainSource.of(LABELS)) as client:
        yield client


@pytest.fixture
def stranger(server: Client) -> Client:
    """A client without the cookie."""
    return Client(server.box)


@pytest.fixture
def client(stranger: Client) -> Client:
    stranger.log_in()
    return stranger


def test_the_link_becomes_a_cookie(stranger: Client) -> None:
    assert stranger.send("POST", "/api/v1/run", b"{}", JSON).status == 401
    answer = stranger.log_in()
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))
    assert stranger.call("run", query="J.A")["matched"] == 2
    assert str(stranger.box.port) in answer.headers["set-cookie"]  # cookies are shared between the ports of a host


@pytest.mark.parametrize(
    "path", ["/", "/page.js", "/media/0", "/api/v1/openapi.json", "/nothing", "/?token=", "/?token=%FF"]
)
def test_without_the_token_there_is_nothing(stranger: Client, path: str) -> None:
    assert stranger.send("GET", path).status == 401
    wrong = {"Cookie": f"kili-query-{stranger.box.port}=wrong", "Authorization": "Bearer wrong"}
    assert stranger.send("GET", path, headers=wrong).status == 401


def test_people_without_the_token_are_told_in_html(stranger: Client) -> None:
    answer = stranger.send("GET", "/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "Open the link that kili-query printed" in answer.body.decode()


def test_a_program_may_send_the_token_in_a_header(stranger: Client) -> None:
    answer = stranger.send(
        "POST", "/api/v1/check", b'{"query": ""}', JSON | {"Authorization": f"Bearer {stranger.box.token}"}
    )
    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_hosts_and_origins_are_refused(client: Client, headers: dict[str, str]) -> None:
    assert client.send("POST", "/api/v1/run", b'{"query": ""}', JSON | headers).status == 403
    assert client.send("GET", "/media/0", headers=headers).status == 403


def test_the_link_may_be_opened_from_anywhere(stranger: Client) -> None:
    link = stranger.box.link.removeprefix(stranger.box.url)
    assert stranger.send("GET", link, headers={"Sec-Fetch-Site": "cross-site"}).status == 303
    assert stranger.send("GET", link, headers={"Host": "evil.example"}).status == 403


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css", "/nothing", "/media/7", "/api/v1/openapi.json"])
def test_every_answer_is_strict(client: Client, path: str) -> None:
    for answer in (client.send("GET", path), Client(client.box).send("GET", path)):
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_and_its_files_are_there(client: Client) -> None:
    page = client.send("GET", "/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for name in ("page.js", "component.js", "page.css"):
        assert client.send("GET", f"/{name}").status == 200


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/api/v1/run", b"{}", JSON, 400),
        ("/api/v1/run", b"[]", JSON, 400),
        ("/api/v1/run", b"", JSON, 400),
        ("/api/v1/run", b"\xff", JSON, 400),
        ("/api/v1/run", b"[" * 100_000, JSON, 400),
        ("/api/v1/run", b'{"query": 3}', JSON, 400),
        ("/api/v1/run", b'{"query": "", "start": -1}', JSON, 400),
        ("/api/v1/run", b'{"query": "", "start": ' + b"9" * 5000 + b"}", JSON, 400),
        ("/api/v1/run", b'{"query": "", "start": true}', JSON, 400),
        ("/api/v1/run", b'{"query": "", "other": 1}', JSON, 400),
        ("/api/v1/run", b'{"query": "", "label": 3}', JSON, 404),
        ("/api/v1/run", b'{"query": "J.A AND"}', JSON, 422),
        ("/api/v1/run", b'{"query": "' + b"x" * 40_001 + b'"}', JSON, 400),
        ("/api/v1/nothing", b"{}", JSON, 404),
        ("/api/v1/run", b'{"query": ""}', {"Content-Type": "text/plain"}, 415),
        ("/api/v1/run", b'{"query": ""}', JSON | {"Content-Encoding": "br"}, 415),
        ("/api/v1/run", b'{"query": ""}', JSON | {"Content-Length": str(MAX_BODY_BYTES + 1)}, 413),
        ("/page.js", b"{}", JSON, 405),
    ],
)
def test_bad_requests_are_answered_with_an_error(
    client: Client, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = client.send("POST", path, body, headers)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["message"]
    assert len(error["message"]) < 500


def test_no_more_rows_than_are_allowed() -> None:
    asked: tuple[dict[str, int], ...] = ({}, {"stop": 10**9}, {"start": 599})
    with served(PlainSource.of(LABELS * 200)) as client:
        client.log_in()
        assert [len(client.call("run", query="", **one)["rows"]) for one in asked] == [100, 500, 1]


def test_a_query_that_takes_too_long_says_so() -> None:
    source = PlainSource.of(LABELS * 100)
    source.time_limit_s = -1.0
    with served(source) as client:
        client.log_in()
        answer = client.send("POST", "/api/v1/run", b'{"query": "J.A[NOT K.B].count >= 1"}', JSON)
        assert answer.status == 503
        assert "takes longer than -1 seconds" in answer.json()["error"]["message"]


ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202e\u2066gnp.exe",
    "\0",
    "';--",
    "\ud800",
    "&lt;",
)
CALLS: dict[str, dict[str, Any]] = {
    "check": {},
    "complete": {"offset": 3},
    "format": {"add": ATTACKS[0]},
    "run": {"label": 0},
    "histogram": {},
}


def test_names_of_the_user_only_come_as_json(tmp_path: Path) -> None:
    """A project whose every string is an attack: nothing of it is in an answer that a browser could take for a page."""
    children = {name: {"name": name} for name in ATTACKS}
    job = {"mlTask": "OBJECT_DETECTION", "content": {"categories": children}}
    jobs = {name: {**job, "instruction": name} for name in ATTACKS}
    objects = [{"mid": name, "categories": [{"name": name}], "content": name, "beginOffset": 0} for name in ATTACKS]
    label = {
        **dict.fromkeys(("id", "labelType", "createdAt", "modelName"), ATTACKS[0]),
        "labelOf": dict.fromkeys(("id", "externalId", "content"), ATTACKS[1]),
        "author": {"email": ATTACKS[2]},
        "jsonResponse": {name: {"annotations": objects, "text": name} for name in ATTACKS},
    }
    ontology = Ontology.from_json_interface({"jobs": jobs}, input_type=ATTACKS[0])
    source = PlainSource.of([label], ontology=ontology, title=ATTACKS[0], images=FileImages(Files.of(tmp_path)))
    queries = ["", *(f"{json.dumps(name)}.{json.dumps(name)}" for name in ATTACKS), *ATTACKS]
    with served(source) as client:
        client.log_in()
        for query in queries:
            for call, more in CALLS.items():
                body = json.dumps({"query": query, **more}).encode()
                answer = client.send("POST", f"/api/v1/{call}", body, JSON)
                assert answer.headers["content-type"] == "application/json"
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.status == 200 or answer.json()["error"]
        assert client.call("run", query=queries[1], label=0)["label"]["matches"] is True


def test_images_are_those_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "in.png").write_bytes(PNG)
    (folder / "page.png").write_bytes(b"<html><script>alert(1)</script>")
    (folder / "drawing.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    names = [
        "in.png",
        "page.png",
        "drawing.svg",
        "../secret.png",
        str(tmp_path / "secret.png"),
        "link.png",
        "https://example.com/a.png",
        "a\0b",
        "x" * 5000,
    ]
    labels = [{"id": name, "labelOf": {"content": name}, "jsonResponse": {}} for name in names]
    with served(PlainSource.of(labels, images=FileImages(Files.of(folder)))) as client:
        client.log_in()
        found = [client.send("GET", f"/media/{number}") for number in range(len(names) + 1)]
        urls = [row["picture"]["url"] for row in client.call("run", query="")["rows"]]
    assert [one.status for one in found] == [200] + [404] * len(names)
    assert (found[0].headers["content-type"], found[0].body) == ("image/png", PNG)
    assert urls[0] == "media/0"
    assert urls[3:] == [None] * 6


def test_a_video_is_sent_in_parts(tmp_path: Path) -> None:
    film = b"\0\0\0\x20ftypisom" + bytes(range(100))
    (tmp_path / "film.mp4").write_bytes(film)
    with served(
        PlainSource.of([{"id": "a", "labelOf": {"content": "film.mp4"}}], images=FileImages(Files.of(tmp_path)))
    ) as client:
        assert client.send("GET", "/media/0").status == 401
        client.log_in()
        answer = client.send("GET", "/media/0", headers={"Range": "bytes=12-15"})
    assert (answer.status, answer.body, answer.headers["content-type"]) == (206, film[12:16], "video/mp4")
    assert "media-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/../pages.py", "/..%2f..%2fpyproject.toml", "/%2e%2e/server.py", "/media/..%2f0", "/media/-1", "/media/x"]
)
def test_no_path_leads_elsewhere(client: Client, path: str) -> None:
    assert client.send("GET", path).status == 404


def test_a_port_in_use_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SourceError, match=f"cannot listen on `127.0.0.1`, port {port}: address already in use"):
            PageServer(PlainSource.of([]), port=port)
