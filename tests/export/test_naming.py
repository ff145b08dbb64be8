"""Names in archives: they stay where they are put, and are nobody else's."""

import os
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.export import write
from kili_query.export.naming import fold, is_safe, safe_path
from tests.each import for_each
from tests.export.samples import asset, boxes, label, names, project, read

NASTY = [
    "../x", "../../../../etc/passwd", "/etc/passwd", "/", "//", ".", "..", "", " ", "a/../b", "a/./b", "a//b", "a/",
    "C:\\windows\\x", "..\\..\\x", "nul", "NUL.txt", "con .txt", "aux/x", "COM1.png", "lpt9", "a\0b", "a\nb", "a\x7fb",
    "x" * 300, "é" * 200, "x" * 300 + ".png", "/".join(["d"] * 900), "a.", "a ", "a. .", "\ud800", "\u202egpj.exe", "~",
    "-rf", "a b", "a_b", "A B", "a", "a", "A", "a.json/x", "a.json", "é", "e\u0301", "ß", "ss", "Ⅷ", "labels",
    "manifest.json", "README.kili.txt", "a~2", "a\u2028b",
]  # fmt: skip


def exported(tmp_path, ids, **options):
    assets = [asset(number, name) for number, name in enumerate(ids)]
    labels = [label(number) for number in range(len(ids))]
    return write(labels, assets, project(), to=tmp_path / "out.zip", **{"fmt": "kili", **options})


def test_nasty_names_stay_in_the_folder_and_every_asset_has_its_own_file(tmp_path):
    summary = exported(tmp_path, NASTY)
    assert summary.assets == len(NASTY)
    target = tmp_path / "deep" / "in" / "here"
    with zipfile.ZipFile(summary.path) as archive:
        assert all(map(is_safe, archive.namelist()))
        archive.extractall(target)  # the standard library follows what it is told, but `..`
    files = [path for path in target.rglob("*") if path.is_file()]
    assert len(files) == len(names(summary.path)) == len(NASTY) + 2  # and README and manifest
    outside = {path for path in tmp_path.rglob("*") if path.is_file() and target not in path.parents}
    assert outside == {summary.path}


def test_the_manifest_says_whose_names_had_to_change(tmp_path):
    summary = exported(tmp_path, ["a b", "a_b", "fine.png", "../x"])
    assert names(summary.path) == [
        "README.kili.txt",
        "labels/a_b.json",
        "labels/a_b~2.json",
        "labels/fine.png.json",
        "labels/_/x.json",
        "manifest.json",
    ]
    assert read(summary.path, "manifest.json") == {
        "assets": [
            {"id": "as1", "externalId": "a_b", "name": "a_b~2", "stem": "a_b~2"},
            {"id": "as3", "externalId": "../x", "name": "_/x", "stem": "_/x"},
        ],
        "jobs": {},
    }
    assert summary.renamed == 2


def test_without_a_change_there_is_no_manifest(tmp_path):
    summary = exported(tmp_path, ["a.png", "d1/x.png", "d2/x.png", "a b"])
    assert names(summary.path)[1:] == [f"labels/{name}.json" for name in ("a.png", "d1/x.png", "d2/x.png", "a_b")]


@for_each(
    [
        ("CON", "_CON"),
        ("con.tar.gz", "_con.tar.gz"),
        ("console", "console"),
        ("a:b", "a_b"),
        ("a.", "a_"),
        ("ü.png", "ü.png"),
    ]
)
def test_names_that_change(row):
    given_name, safe = row
    assert safe_path(given_name) == safe


def test_a_long_name_keeps_its_extension():
    short = safe_path("x" * 300 + ".png")
    assert short.startswith("xxx")
    assert short.endswith(".png")
    assert len(short.encode()) <= 200
    assert short != safe_path("x" * 301 + ".png")


@given(st.text())
def test_any_text_becomes_a_safe_path_that_stays_as_it_is(text):
    path = safe_path(text)
    assert is_safe(path)
    assert safe_path(path) == path
    assert not os.path.isabs(path)


@given(st.text("aé./ \\:\n", max_size=6))
def test_a_safe_path_has_safe_steps(path):
    steps = path.split("/")
    assert is_safe(path) == all(step and step[-1] not in ". " and not set(step) & set("\\:\n") for step in steps)


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(NASTY), st.text("aA./~2 \\", max_size=5)), min_size=1, max_size=8))
def test_no_two_assets_share_a_file(tmp_path_factory, ids):
    summary = exported(tmp_path_factory.getbasetemp(), ids)
    found = [name for name in names(summary.path) if name.startswith("labels/")]
    folded = {fold(name) for name in found}
    assert len(folded) == len(ids)
    above = {fold("/".join(name.split("/")[:n])) for name in found for n in range(1, name.count("/") + 1)}
    assert not folded & above


def test_folders_of_jobs_are_safe(tmp_path):
    """What a job is called is free text as well."""
    from kili_query.export.writing import _folders

    folders = _folders(["DET", "det", "../x", "labels", "images", "a/b", ""])
    assert folders == {
        "DET": "DET", "det": "det~2", "../x": "__x", "labels": "labels~2", "images": "images~2", "a/b": "a_b", "": "_",
    }  # fmt: skip
    assert boxes()
