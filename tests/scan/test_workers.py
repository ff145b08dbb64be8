"""Files of lines that processes share: the same labels, report and errors as from one process, in the same order."""

import json
import os
import sys
from pathlib import Path
from random import Random

import pytest

import kili_query as kq
from kili_query.scanning import Scan, scan, sources, workers
from kili_query.scanning.workers import _Process
from tests.scan.samples import BLUE, GREY, QUERY, label

pytestmark = pytest.mark.skipif(os.name != "posix", reason="files are shared on POSIX systems alone")

LINES = [
    *[json.dumps(label(str(number), BLUE if number % 7 == 0 else GREY)).encode() for number in range(400)],
    json.dumps(label("text", json.dumps(BLUE))).encode(),
    json.dumps({"id": "asset", "labels": [label("x"), label("y", GREY), label("z")]}).encode(),
    json.dumps(label("long", {"SKY": BLUE["SKY"], "text": "x" * 5000})).encode(),
    b'{"id": "unknown"}',
    b'{"id": "malformed", "jsonResponse": {"SKY": 3}}',
    b'{"id": "cut", "jsonRes',
    b'{"id": "NaN", "x": NaN, "jsonResponse": {"SKY": {"categories": [{"name": "BLUE"}]}}}',
    b"\xff",
    b"",
    b" \r",
    b"[1]",
]


@pytest.fixture
def judged_here(monkeypatch) -> list[object]:
    """Small chunks, and the others get theirs first; what this process judges is listed."""
    here: list[object] = []
    judge_chunk = workers.judge_chunk

    def enter(process: _Process) -> _Process:
        assert process.connection.poll(60)  # it is up
        return process

    monkeypatch.setattr(sources, "LARGE_BYTES", 0)
    monkeypatch.setattr(workers, "_FILE_CHUNK_BYTES", 700)
    monkeypatch.setattr(workers, "judge_chunk", lambda chunk, judge: here.append(chunk) or judge_chunk(chunk, judge))
    monkeypatch.setattr(_Process, "__enter__", enter)
    return here


def written(path: Path, seed: int = 0, end: bytes = b"\n", start: bytes = b"") -> Path:
    lines = LINES[1:]
    Random(seed).shuffle(lines)
    lines = [LINES[0], *lines]
    path.write_bytes(start + b"\n".join(lines) + end)
    return path


def told(labels: Scan) -> tuple[list[dict[str, object]], dict[str, object]]:
    return [json.loads(json.dumps(one)) for one in labels], labels.report.to_dict()


@pytest.mark.parametrize(("number", "start", "end"), [(3, b"\xef\xbb\xbf", b""), (2, b"\n\n", b"\n\n\n")])
def test_the_same_as_one_process(number, start, end, tmp_path, judged_here):
    path = written(tmp_path / "labels.ndjson", start=start, end=end)
    alone, shared = told(scan(path, QUERY)), told(scan(path, QUERY, workers=number))
    assert repr(shared) == repr(alone)
    assert shared[1]["broken"] == 3
    assert 0 < len(judged_here) < path.stat().st_size // 700


def test_chunks_of_any_size(tmp_path, judged_here, monkeypatch):
    monkeypatch.setattr(sys, "executable", "")  # so that this process judges all chunks
    path = tmp_path / "labels.ndjson"
    path.write_bytes(b"\n".join([LINES[0], b"", *LINES[1:9], LINES[402], *LINES[403:]]))
    expected = told(scan(path, QUERY))
    for size in (1, 2, 3, 50, 108, 109, 110, 111, 1000, 4999, 10**6):
        monkeypatch.setattr(workers, "_FILE_CHUNK_BYTES", size)
        assert repr(told(scan(path, QUERY, workers=2))) == repr(expected), size
    assert judged_here


@pytest.mark.parametrize("option", ["on_malformed", "on_unknown"])
def test_errors_are_raised_where_one_process_raises_them(option, tmp_path, judged_here):
    path = written(tmp_path / "labels.ndjson")

    def until_error(number: int) -> tuple[list[object], str, int]:
        labels, given = scan(path, QUERY, workers=number, **{option: "raise"}), []
        with pytest.raises(kq.KiliQueryError) as error:
            given.extend(one["id"] for one in iter(labels.__next__, None))
        return given, str(error.value), labels.report.read

    assert until_error(2) == until_error(1)


def test_leaving_early_ends_the_others(tmp_path, judged_here, monkeypatch):
    started: list[_Process] = []
    enter = _Process.__enter__
    monkeypatch.setattr(_Process, "__enter__", lambda process: started.append(process) or enter(process))
    with scan(written(tmp_path / "labels.ndjson"), QUERY, workers=3) as labels:
        next(labels)
        assert [one._process.poll() for one in started] == [None, None]
    assert None not in [one._process.poll() for one in started]
    assert not labels.report.is_complete
    with pytest.raises(StopIteration):
        next(labels)


def test_an_error_ends_the_others(tmp_path, judged_here, monkeypatch):
    started: list[_Process] = []
    enter = _Process.__enter__
    monkeypatch.setattr(_Process, "__enter__", lambda process: started.append(process) or enter(process))
    labels = scan(written(tmp_path / "labels.ndjson"), QUERY, workers=2, on_malformed="raise")
    with pytest.raises(kq.MalformedLabelError):
        list(labels)
    assert None not in [one._process.poll() for one in started]


def test_a_process_that_is_killed_leaves_its_work_to_this_one(tmp_path, judged_here, monkeypatch):
    path = written(tmp_path / "labels.ndjson")
    send = _Process.send
    sent: list[object] = []

    def send_and_kill(process: _Process, chunk: workers.FileChunk) -> None:
        send(process, chunk)
        sent.append(chunk)
        if len(sent) == 2:
            process._process.kill()
            process._process.wait()

    monkeypatch.setattr(_Process, "send", send_and_kill)
    assert repr(told(scan(path, QUERY, workers=2))) == repr(told(scan(path, QUERY)))
    assert 2 <= len(sent) <= 3  # its end is noticed when the next is sent, or before


def test_progress_comes_to_its_end(tmp_path, judged_here):
    path = written(tmp_path / "labels.ndjson", start=b"\xef\xbb\xbf")
    told_of: list[tuple[int, int | None]] = []
    list(scan(path, QUERY, workers=2, progress=lambda *given: told_of.append(given)))
    size = path.stat().st_size
    assert told_of[-1] == (size, size)
    assert told_of == sorted(told_of)


@pytest.mark.parametrize("text", [b"[1, 2,\n3]", b'{\n"id": 1}', b"", b"\n"])
def test_other_forms_are_read_by_one_process(text, tmp_path, judged_here):
    path = tmp_path / "labels.json"
    path.write_bytes(text)
    assert told(scan(path, QUERY, workers=2)) == told(scan(path, QUERY))


def test_a_file_that_is_not_large_starts_no_process(tmp_path, monkeypatch):
    monkeypatch.delattr(workers, "_Process")
    path = written(tmp_path / "labels.ndjson")
    assert told(scan(path, QUERY, workers=2)) == told(scan(path, QUERY))


def test_labels_in_memory_and_other_functions():
    assert [one["id"] for one in scan([label("a"), label("b", GREY)], QUERY, workers=2)] == ["a"]
    assert list(kq.scan([], QUERY, workers=5)) == []
    with pytest.raises(ValueError, match="`workers` must be 1 or more, not 0"):
        scan([], QUERY, workers=0)
