"""The official client's raw export: folder or zip, one file or one for each asset."""

import io
import json
import shutil
import struct
import subprocess
import sys
import zipfile

import pytest

from kili_query.errors import SourceError
from kili_query.scanning import scan
from tests.scan.samples import BLUE, GREY, QUERY, found, label, ndjson, reasons


def asset(name: str, **fields: object) -> dict[str, object]:
    return {"content": "", "externalId": f"{name}.jpg", "id": name, "jsonMetadata": {}, **fields}


def unnamed(content: object = BLUE) -> dict[str, object]:
    """A label as a raw export holds it: without an id."""
    return {"author": {"id": "u", "name": "F L"}, "jsonResponse": content, "labelType": "DEFAULT"}


ASSETS = [
    asset("1", latestLabel=unnamed()),
    asset("2", latestLabel=unnamed(GREY)),
    asset("3", latestLabel=None),
    asset("4", latestLabels=[None, unnamed(), unnamed({})]),
    asset("5", labels=[unnamed(GREY), unnamed(json.dumps(BLUE))]),
    asset("6", labels=[]),
]
OWNERS = [{"id": name, "externalId": f"{name}.jpg"} for name in "145"]
README = "Exported Labels from KILI\n=========================\n"


def write_export(folder, *, single_file: bool):
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "1.json").write_text('{"rich": "text"}')
    (folder / "assets" / "data.json").write_text("{}")
    (folder / "assets" / "big.bin").write_bytes(bytes(600_000))
    (folder / "README.kili.txt").write_text(README)
    if single_file:
        (folder / "data.json").write_text(json.dumps(ASSETS, indent=4, sort_keys=True))
        return
    for one in ASSETS:
        path = folder / "labels" / f"sub/{one['externalId']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(one, indent=4, sort_keys=True))


@pytest.mark.parametrize("single_file", [True, False])
@pytest.mark.parametrize("top", ["", "prj9/"])
@pytest.mark.parametrize("form", ["folder", "zip", "stored zip", "zip from a stream", "zip in a pipe"])
def test_an_export_gives_its_labels_with_their_asset(form, top, single_file, tmp_path):
    folder = tmp_path / "export"
    write_export(folder / top, single_file=single_file)
    labels = scan(packed(form, folder, tmp_path), QUERY)
    assert sorted(one["labelOf"]["id"] for one in labels) == ["1", "4", "5"]
    assert labels.report.to_dict() == {
        "read": 6,
        "matched": 3,
        "not_matched": 3,
        "unknown": 0,
        "malformed": 0,
        "broken": 0,
        "is_complete": True,
        "problems": [],
    }


def packed(form, folder, tmp_path):
    path = tmp_path / "export.zip"
    if form == "folder":
        return folder
    if form == "stored zip":
        with zipfile.ZipFile(path, "w") as archive:
            add_all(archive, folder)
    elif form == "zip from a stream":
        with path.open("wb") as file, zipfile.ZipFile(Unseekable(file), "w", zipfile.ZIP_DEFLATED) as archive:
            add_all(archive, folder)
    else:
        shutil.make_archive(str(path.with_suffix("")), "zip", folder)
    return path if form != "zip in a pipe" else Unseekable(io.BytesIO(path.read_bytes()))


def add_all(archive, folder):
    for path in sorted(folder.rglob("*")):
        archive.write(path, path.relative_to(folder))


class Unseekable(io.RawIOBase):
    """A file that can only be read or written on."""

    def __init__(self, file):
        self.file = file

    def read(self, size=-1):
        return self.file.read(size)

    def write(self, data):
        return self.file.write(data)

    def readable(self):
        return True

    def writable(self):
        return True


def test_labels_keep_their_own_asset_and_the_input_stays_as_it_is():
    document = asset("1", latestLabel={**label("a"), "labelOf": {"id": "other"}}, labels=[unnamed()])
    before = json.dumps(document)
    assert [one["labelOf"] for one in scan([document], QUERY)] == [{"id": "other"}, {"id": "1", "externalId": "1.jpg"}]
    assert json.dumps(document) == before


def test_a_label_that_stands_twice_in_an_asset_counts_once():
    ids, labels = found([asset("1", latestLabel=label("a"), labels=[label("b"), label("a")])])
    assert ids == ["a", "b"]
    assert labels.report.read == 2


def test_alike_labels_of_a_list_are_all_read():
    labels = scan([asset("1", labels=[unnamed(), unnamed()])], QUERY)
    assert len(list(labels)) == 2


def test_problems_inside_an_asset_name_the_place(tmp_path):
    path = tmp_path / "data.json"
    path.write_text(json.dumps([asset("1", latestLabel="text"), asset("2", labels=[unnamed(), 3, unnamed(None)])]))
    _, labels = found_assets(path)
    assert reasons(labels) == [
        f"{path}:1: [0].latestLabel: not a label: it must be a JSON object",
        f"{path}:1: [1].labels[1]: not a label: it must be a JSON object",
        f"{path}:1: [1].labels[2]: `jsonResponse` is null",
    ]


def found_assets(source):
    labels = scan(source, QUERY)
    return [one["labelOf"]["id"] for one in labels], labels


def test_one_broken_file_of_an_export_does_not_hide_the_others(tmp_path):
    write_export(tmp_path / "export", single_file=False)
    broken = tmp_path / "export" / "labels" / "sub" / "2.jpg.json"
    broken.write_text(broken.read_text()[:-30])
    (broken.parent / "7.json").write_text("")
    ids, labels = found_assets(tmp_path / "export")
    assert ids == ["1", "4", "5"]
    assert [problem.place.file for problem in labels.report.problems] == [str(broken)]


def test_files_of_a_folder_come_in_a_fixed_order(tmp_path):
    for name in ["b", "a", "z/a", "c"]:
        path = tmp_path / "labels" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(label(name)))
    assert found(tmp_path)[0] == ["a", "b", "c", "z/a"]


def test_streams_of_labels_in_a_folder_are_read_and_other_data_is_not(tmp_path):
    (tmp_path / "labels.ndjson").write_bytes(ndjson([label("a")]))
    (tmp_path / "assets.ndjson").write_text('{"id": "1"}')
    (tmp_path / "project.json").write_text("{}")
    ids, labels = found(tmp_path)
    assert ids == ["a"]
    assert labels.report.read == 1


def test_a_folder_that_is_not_an_export_is_refused_at_once(tmp_path):
    (tmp_path / "notes.ndjson").write_text("{}")
    with pytest.raises(
        SourceError, match=r"` is neither a raw export \(it has .*\) nor known to be a dataset; files with other names"
    ):
        scan(tmp_path, QUERY)


def test_a_zip_that_is_not_an_export_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    for names in ([], ["notes.json"]):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "{}")
        with pytest.raises(SourceError, match=r"x\.zip` is neither a raw export"):
            list(scan(path, QUERY))


def test_an_export_may_hold_no_labels(tmp_path):
    (tmp_path / "README.kili.txt").write_text(README)
    assert found(tmp_path)[0] == []
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("README.kili.txt", README)
    assert found(tmp_path / "x.zip")[0] == []


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_truncated_zip_is_an_error_after_the_good_part(kind, tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", kind) as archive:
        for number in range(10):
            archive.writestr(f"labels/{number}.json", json.dumps(asset(str(number), latestLabel=unnamed())))
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        ends = [*(entry.header_offset for entry in archive.infolist()[1:]), archive.start_dir]
    near_ends = {end + offset for end in ends for offset in range(-2, 3)}
    for cut in sorted({*range(5, len(data) - 22, 23), *near_ends, len(data) - 23}):
        path.write_bytes(data[:cut])
        given = []
        with pytest.raises(SourceError, match="is truncated"):
            given.extend(one["labelOf"]["id"] for one in scan(path, QUERY))
        assert len(given) == sum(end <= cut for end in ends)
        assert given == [str(number) for number in range(len(given))]


def test_a_damaged_zip_is_an_error(tmp_path):
    path = tmp_path / "export.zip"
    text = json.dumps(asset("1", latestLabel=unnamed()))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.json", text)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"BLUE", b"GREY"))
    with pytest.raises(SourceError, match=r"the checksum of `data\.json` is wrong"):
        list(scan(path, QUERY))
    at = data.index(b"PK\x01\x02")
    path.write_bytes(data[:at] + b"abcd" + data[at:])
    with pytest.raises(SourceError, match="no entry starts where one should"):
        list(scan(path, QUERY))


@pytest.mark.parametrize(
    ("flags", "method", "what"),
    [(1, 0, "encrypted"), (0, 12, "by method 12"), (8, 0, "without its size")],
)
def test_entries_that_cannot_be_read_as_a_stream(flags, method, what, tmp_path):
    path = tmp_path / "export.zip"
    header = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, flags, method, 0, 0, 0, 2, 2, 9, 0)
    path.write_bytes(header + b"data.json{}")
    with pytest.raises(SourceError, match=f"holds `data.json` {what}"):
        list(scan(path, QUERY))


def test_a_zip_with_wide_sizes(tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("assets/x.bin", "data.json"):
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(json.dumps(asset("1", latestLabel=unnamed())).encode())
    assert found_assets(path)[0] == ["1"]
    with path.open("wb") as file, zipfile.ZipFile(Unseekable(file), "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("assets/x.bin", "data.json"):
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(json.dumps(asset("1", latestLabel=unnamed())).encode())
    assert found_assets(path)[0] == ["1"]


def test_a_zip_on_standard_input(tmp_path):
    write_export(tmp_path / "export", single_file=True)
    path = packed("zip", tmp_path / "export", tmp_path)
    program = "from kili_query.scanning import scan; print(len(list(scan('-', 'SKY.BLUE.count > 0'))))"
    with path.open("rb") as file:
        ran = subprocess.run([sys.executable, "-c", program], stdin=file, capture_output=True, check=True)
    assert ran.stdout.strip() == b"3"


def test_media_in_a_zip_are_passed_over_without_reading(tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("assets/film.mp4", bytes(5_000_000))
        archive.writestr("data.json", json.dumps(ASSETS))
    seen = []
    list(scan(path, QUERY, progress=lambda done, total: seen.append((done, total))))
    assert len(seen) < 10
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


def test_an_export_in_another_format_is_named(tmp_path):
    readme = README + "\n- Exported format: coco\n"
    folder = tmp_path / "coco"
    folder.mkdir()
    (folder / "README.kili.txt").write_text(readme)
    (folder / "labels.json").write_text("{}")
    with pytest.raises(SourceError, match="` is an export in the format `coco`"):
        scan(folder, QUERY)
    for names in (["README.kili.txt", "labels.json"], ["labels.json", "README.kili.txt"]):
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            for name in names:
                archive.writestr(name, (folder / name).read_bytes())
        with pytest.raises(SourceError, match=r"x\.zip` is an export in the format `coco`, not a raw one"):
            list(scan(tmp_path / "x.zip", QUERY))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("README.kili.txt", readme.replace("coco", "raw"))
    assert found(tmp_path / "x.zip")[0] == []  # an empty export
