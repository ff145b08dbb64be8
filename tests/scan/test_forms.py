"""What a file is, its first bytes say: every form gives the same labels."""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import zstandard

from kili_query.errors import SourceError
from kili_query.scanning import scan
from tests.scan.samples import LABELS, MATCHING, QUERY, found, label, ndjson, reasons

TEXTS = {
    "ndjson": ndjson(),
    "no line end": ndjson().rstrip(),
    "crlf": ndjson().replace(b"\n", b"\r\n"),
    "blank lines": b"\n  \n" + ndjson().replace(b"\n", b"\n\n\t\n"),
    "byte order mark": b"\xef\xbb\xbf" + ndjson(),
    "array": json.dumps(LABELS).encode(),
    "array over lines": json.dumps(LABELS, indent=4).encode(),
    "array with byte order mark": b"\xef\xbb\xbf" + json.dumps(LABELS).encode(),
    "array after white space": b" \r\n\t" + json.dumps(LABELS).encode() + b" \n",
    "objects over lines": b"\n".join(json.dumps(one, indent=2).encode() for one in LABELS),
    "one asset": json.dumps({"id": "x", "labels": LABELS}).encode(),
    "one asset over lines": json.dumps({"id": "x", "labels": LABELS}, indent=4).encode(),
}
PACKED = {
    "plain": lambda text: text,
    "gzip": gzip.compress,
    "gzip in members": lambda text: gzip.compress(text[:50]) + gzip.compress(b"") + gzip.compress(text[50:]),
    "gzip, padded": lambda text: gzip.compress(text) + bytes(512),
    "zstd": zstandard.compress,
    "zstd in frames": lambda text: zstandard.compress(text[:50]) + zstandard.compress(text[50:]),
    "zstd after a skippable frame": lambda text: b"\x5a\x2a\x4d\x18\x04\0\0\0abcd" + zstandard.compress(text),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_form_gives_the_same_labels(text, tmp_path):
    path = tmp_path / "named.after.nothing"
    for name, pack in PACKED.items():
        path.write_bytes(pack(text))
        ids, labels = found(path)
        assert ids == MATCHING, name
        assert labels.report.to_dict() == {
            "read": 5,
            "matched": 3,
            "not_matched": 2,
            "unknown": 0,
            "malformed": 0,
            "broken": 0,
            "is_complete": True,
            "problems": [],
        }, name


def test_labels_are_given_as_they_were_read(tmp_path):
    path = tmp_path / "labels.ndjson"
    path.write_bytes(ndjson())
    assert list(scan(path, QUERY)) == [LABELS[0], LABELS[2], LABELS[3]]
    given = next(scan(LABELS, QUERY))
    assert given is LABELS[0]


@pytest.mark.parametrize(
    "empty", [b"", b"\n", b" \r\n ", b"\xef\xbb\xbf", b"[]", b"[ ]\n", gzip.compress(b"", mtime=0)]
)
def test_nothing_holds_no_labels(empty, tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(empty)
    ids, labels = found(path)
    assert ids == []
    assert labels.report.read == 0
    assert labels.report.is_complete


@pytest.mark.parametrize(
    "source",
    [
        io.BytesIO(ndjson()),
        io.StringIO(ndjson().decode()),
        io.BufferedReader(io.BytesIO(gzip.compress(ndjson()))),
        gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(ndjson()))),
        LABELS,
        tuple(LABELS),
        iter(LABELS),
        [{"id": "x", "labels": LABELS}],
    ],
    ids=lambda source: type(source).__name__,
)
def test_open_files_and_labels_in_memory(source):
    assert found(source)[0] == MATCHING


def test_an_open_file_is_read_from_where_it_stands_and_stays_open(tmp_path):
    path = tmp_path / "labels.ndjson"
    path.write_bytes(ndjson())
    with path.open("rb") as file:
        file.readline()
        assert found(file)[0] == MATCHING[1:]
        assert not file.closed


def test_several_sources_one_after_another(tmp_path):
    one, two = tmp_path / "one.ndjson", tmp_path / "two.json.gz"
    one.write_bytes(ndjson([label("1")]))
    two.write_bytes(gzip.compress(json.dumps([label("2")]).encode()))
    ids, labels = found([one, str(two), io.BytesIO(ndjson([label("3")])), label("4"), (one,)])
    assert ids == ["1", "2", "3", "4"]
    assert reasons(labels) == ["<labels>: [4]: not a label: it must be a JSON object"]
    assert found([])[0] == []


@pytest.mark.parametrize("text", [ndjson(), gzip.compress(ndjson(), mtime=0), json.dumps(LABELS, indent=1).encode()])
def test_standard_input(text, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert found("-")[0] == MATCHING


def test_standard_input_of_a_process():
    program = "from kili_query.scanning import scan; print([one['id'] for one in scan('-', 'SKY.BLUE.count > 0')])"
    ran = subprocess.run(
        [sys.executable, "-c", program], input=gzip.compress(ndjson()), capture_output=True, check=True
    )
    assert ran.stdout.decode().strip() == str(MATCHING)


def test_standard_input_that_is_only_text(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(ndjson().decode() + "{\n"))
    ids, labels = found("-")
    assert ids == MATCHING
    assert reasons(labels)[0].startswith("<stdin>:6: not JSON")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_gives_labels_as_they_come(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    program = "import sys; print(open(sys.argv[1], 'wb').write(sys.stdin.buffer.read()))"
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as job:
        job.stdin.write(ndjson())
        job.stdin.close()
        assert found(path)[0] == MATCHING


def test_a_label_comes_before_the_stream_ends():
    read_end, write_end = os.pipe()
    with open(read_end, "rb") as file, open(write_end, "wb", buffering=0) as sender:
        sender.write(ndjson([label("a")]) + b'{"id": "b", ')
        labels = scan(file, QUERY)
        assert next(labels)["id"] == "a"
        sender.write(ndjson([label("b")])[len(b'{"id": "b", ') :])
        assert next(labels)["id"] == "b"


@pytest.mark.parametrize("source", [b"labels.ndjson", {"id": "a"}, None, 3], ids=repr)
def test_a_value_that_is_not_a_source_is_refused_at_once(source):
    with pytest.raises(TypeError, match="from a path, an open file or a list of labels"):
        scan(source, QUERY)


@pytest.mark.parametrize("wrap", [str, Path, lambda path: [path], lambda path: ("-", path)])
def test_a_missing_file_is_refused_at_once(wrap, tmp_path):
    path = tmp_path / "nowhere.ndjson"
    with pytest.raises(SourceError, match=r"nowhere\.ndjson`: no such file or directory"):
        scan(wrap(path), QUERY)


def test_a_path_that_no_system_takes_is_refused():
    with pytest.raises(SourceError, match="null byte"):
        scan("a\0b", QUERY)


def tar_archive() -> bytes:
    """Labels in a tar archive, whose lines could be read as NDJSON but for the first and the last."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        entry = tarfile.TarInfo("labels.ndjson")
        entry.size = len(ndjson())
        archive.addfile(entry, io.BytesIO(ndjson()))
    return written.getvalue()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("{}".encode("utf-16"), "UTF-16 text: save it as UTF-8"),
        (b"BZh91AY&SY", "compressed with bzip2"),
        (b"\xfd7zXZ\0", "compressed with xz"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (tar_archive(), "a tar archive: unpack it first"),
        (gzip.compress(tar_archive(), mtime=0), "a tar archive: unpack it first"),
    ],
)
def test_known_binary_formats_are_refused(data, what, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=f"file` is {what}"):
        list(scan(path, QUERY))


def test_without_the_extra_zstd_says_how_to_get_it(tmp_path):
    path = tmp_path / "labels.zst"
    path.write_bytes(zstandard.compress(ndjson()))
    program = """if True:
        import sys
        sys.modules["zstandard"] = None
        from kili_query.errors import MissingExtraError
        from kili_query.scanning import scan
        try:
            list(scan(sys.argv[1], "A.B.count > 0"))
        except MissingExtraError as error:
            print(error)
    """
    ran = subprocess.run([sys.executable, "-c", program, path], capture_output=True, check=True, text=True)
    assert ran.stdout.strip() == 'reading zstd needs an extra that is not installed: pip install "kili-query[zstd]"'


def test_progress_counts_the_bytes_of_the_files(tmp_path):
    one, two = tmp_path / "one.ndjson.gz", tmp_path / "two.ndjson"
    one.write_bytes(gzip.compress(ndjson() * 1000))
    two.write_bytes(ndjson() * 3000)
    total = one.stat().st_size + two.stat().st_size
    seen = []
    list(scan([one, two], QUERY, progress=lambda done, of: seen.append((done, of))))
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(seen) < 20
    seen.clear()
    list(scan(io.BytesIO(ndjson()), QUERY, progress=lambda done, of: seen.append((done, of))))
    assert seen == [(len(ndjson()), None)]
