"""The archive is what the standard library would write, but for how it is compressed."""

import zipfile
from io import BytesIO

from kili_query.export import Entry
from kili_query.export.archive import opened_archive
from tests.each import for_each

ENTRIES = {
    "README.kili.txt": b"read me\n" * 40,
    "labels/a.txt": b"",
    "labels/Jean-Fran\u00e7ois \U0001f600.txt": b"0 0.5 0.5 1 1\n" * 500,
    "labels/" + "x" * 180 + ".txt": bytes(range(256)) * 300,
}


def by_the_standard_library(entries):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path, data in entries.items():
            info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, 1)
    return file


def headers(file):
    fields = ("filename", "date_time", "CRC", "file_size", "external_attr", "flag_bits", "compress_type", "extra")
    with zipfile.ZipFile(file) as archive:
        return [[getattr(one, field) for field in fields] for one in archive.infolist()]


@for_each(range(len(ENTRIES) + 1))
def test_bytes_and_files_are_written_alike(number, tmp_path):
    """So many files from bytes, the others from the disk."""
    with (tmp_path / "out.zip").open("wb") as file, opened_archive(file) as sink:
        for index, (path, data) in enumerate(ENTRIES.items()):
            on_disk = tmp_path / str(index)
            on_disk.write_bytes(data)
            sink.add(Entry(path, data if index < number else on_disk))
    assert headers(tmp_path / "out.zip") == headers(by_the_standard_library(ENTRIES))
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == ENTRIES


def test_open_files_stand_between_bytes(tmp_path):
    with (tmp_path / "out.zip").open("wb") as file, opened_archive(file) as sink:
        for index, (path, data) in enumerate(ENTRIES.items()):
            on_disk = tmp_path / str(index)
            on_disk.write_bytes(data)
            with on_disk.open("rb") as opened:
                sink.add(Entry(path, opened if index % 2 else data))
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == ENTRIES
