"""``kili-query show`` and ``sheet``: files, summaries, refusals."""

import json
from pathlib import Path

from PIL import Image

from tests.cli.running import Run

PEOPLE = "OBJECTS.PERSON.count >= 3"


def test_show(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    path = tmp_path / "label.png"
    ran = run("show", "label030752", labels, "--ontology", project, "-o", path)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"{path}: 5 shapes of `label030752`\n"
    with Image.open(path) as picture:
        assert picture.width == 640


def test_show_over_an_image_of_a_folder(run: Run, labels: Path, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (9, 8, 7)).save(tmp_path / "000000030752.jpg", "PNG")
    ran = run("show", "label030752", labels, "--images", tmp_path, "-o", tmp_path / "a.png", "--json")
    told = json.loads(ran.out)
    assert (told["width"], told["shapes"], told["view"]) == (300, 5, None)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.getpixel((2, 2)) == (9, 8, 7)


def test_show_takes_the_size_of_the_asset(run: Run, labels: Path, tmp_path: Path) -> None:
    assets = tmp_path / "assets.ndjson"
    assets.write_text(json.dumps({"id": "asset030752", "resolution": {"width": 320, "height": 240}}))
    ran = run("show", "label030752", labels, "--assets", assets, "-o", tmp_path / "a.png", "--json")
    assert json.loads(ran.out)["width"] == 320


def test_show_refuses(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for arguments, message in (
        (("nobody", labels), "no label has the id `nobody`, and no asset of one: 34 were read"),
        (("label030752", labels, "--image", project), "is not an image that can be read"),
        (("label030752", labels, "--image", tmp_path / "none.png"), "no such file or directory"),
        (("label030752", labels, "--images", tmp_path / "none"), "is not a folder"),
        (("label030752", tmp_path / "none.ndjson"), "none.ndjson"),
        (("label030752", labels, "--view", "5"), "the label has neither frames nor pages: leave out `--view`"),
        (("label030752", labels, "--assets", labels), "labels.ndjson` looks like labels, not like assets"),
        (("label030752", labels, "--assets", project), "project.json` looks like a project, not like assets"),
    ):
        ran = run("show", *arguments, "-o", path)
        assert (ran.status, ran.out) == (2, "")
        assert message in ran.err
        assert not path.exists()
    assert run("show", "label030752", labels, "-o", labels).status == 2  # what is read is not written over
    assert run("show", "label030752", labels, "-o", labels / "a.png").status == 2


def test_text_that_no_font_has(run: Run, tmp_path: Path) -> None:
    path, odd, broken = tmp_path / "a.png", tmp_path / "odd.ndjson", tmp_path / "broken.ttf"
    name = "\U00105555"  # for private use: the system has no font for it
    odd.write_text(json.dumps({"id": f"l{name}", "jsonResponse": {"NOTE": {"text": f"Straße {name}"}}}))
    broken.write_bytes(b"no font")
    told = "not drawn: {}no font found here has U+105555: install one, or name its file (`font`, `--font`)\n"
    assert run("show", f"l{name}", odd, "-o", path).err == told.format("")
    ran = run("sheet", "NOT A.B", odd, "-o", path)
    assert told.format(f"label `l{name}`: ") in ran.err
    assert told.format("a caption: ") in ran.err
    for arguments in (("show", f"l{name}", odd), ("sheet", "NOT A.B", odd)):
        ran = run(*arguments, "-o", path, "--font", broken)
        assert (ran.status, ran.out) == (2, "")
        assert "broken.ttf: it is not a font that can be read" in ran.err


def test_sheet(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    ran = run("sheet", PEOPLE, labels, "--ontology", project, "--most", 2, "--tile", 64, "-o", path)
    assert (ran.status, ran.out) == (0, f"{path}: 2 labels of 7 (--most draws more)\n")
    assert ran.err == "34 read: 7 matched, 27 not matched, 0 unknown, 0 malformed\n"
    with Image.open(path) as picture:
        assert picture.size == (152, 96)


def test_a_sheet_of_nothing(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    ran = run("sheet", "OBJECTS.PERSON.count > 300", labels, "-o", path, "--json")
    assert (ran.status, json.loads(ran.out)) == (1, {"path": None, "matched": 0, "drawn": 0})
    wrong = run("sheet", "OBJECTS.PERSN.count > 3", labels, "--ontology", project, "-o", path)
    assert wrong.status == 2
    assert "did you mean `PERSON`" in wrong.err
    assert not path.exists()


def test_what_cannot_be_read_or_drawn_is_told(run: Run, project: Path, tmp_path: Path) -> None:
    odd, path = tmp_path / "odd.ndjson", tmp_path / "a.png"
    one = {"type": "rectangle", "categories": [{"name": "PERSON"}], "boundingPoly": "none"}
    drawn = {"id": "drawn", "jsonResponse": {"OBJECTS": {"annotations": [one]}}}
    shaped = {"id": "shaped", "jsonResponse": {"OBJECTS": {"annotations": "oops"}, "SCENE": 3}}
    odd.write_text(f'{json.dumps(drawn)}\n{{"id": "cut",\n{json.dumps(shaped)}\n')
    ran = run("show", "cut", odd, "-o", path)
    assert (ran.status, path.exists()) == (2, False)
    assert f"2 were read, and 1 could not be: {odd}:2:" in ran.err
    ran = run("show", "shaped", odd, "-o", path)
    assert (ran.status, ran.out) == (0, f"{path}: 0 shapes of `shaped`\n")
    assert ran.err == (
        "not drawn: `annotations` must be a list (at `jsonResponse.OBJECTS.annotations`)\n"
        "not drawn: a job response must be an object (at `jsonResponse.SCENE`)\n"
    )
    ran = run("sheet", "OBJECTS.PERSON", odd, "-o", path)
    assert (ran.status, ran.out) == (0, f"{path}: 1 label\n")
    assert "not drawn: label `drawn`: " in ran.err


def test_a_label_by_the_name_of_its_asset(run: Run, labels: Path, tmp_path: Path) -> None:
    first = json.loads(labels.read_text().splitlines()[0])
    name, path = first["labelOf"]["externalId"], tmp_path / "made" / "out.png"
    ran = run("show", name, labels, "-o", path, "--json", "-q")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out)["label"] == first["id"]
    both = tmp_path / "both.ndjson"
    both.write_text(f"{json.dumps(first)}\n{json.dumps(first | {'id': 'other'})}\n")
    ran = run("show", name, both, "-o", path)
    assert (ran.status, ran.out) == (2, "")
    assert f"the asset `{name}` has 2 labels: name one of `{first['id']}`, `other`" in ran.err


def test_a_picture_on_standard_output(run: Run, run_process: Run, labels: Path, project: Path) -> None:
    for start, arguments in ((run_process, ("show", "label030752")), (run, ("sheet", "OBJECTS.PERSON.count > 3"))):
        ran = start(*arguments, labels, "--ontology", project, "-o", "-", PYTHONIOENCODING="latin-1")
        assert ran.status == 0
        assert ran.out.startswith("\x89PNG")
        assert "-: " in ran.err
        assert "leave out --output -" in run(*arguments, labels, "-o", "-", "--json").err


def test_a_frame_that_holds_nothing(run: Run, tmp_path: Path) -> None:
    corners = [{"x": x, "y": y} for x, y in ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.1, 0.4))]
    box = {
        "mid": "m",
        "type": "rectangle",
        "categories": [{"name": "A"}],
        "boundingPoly": [{"normalizedVertices": corners}],
    }
    video = {"id": "v", "jsonResponse": {"0": {}, "1": {"J": {"annotations": [box]}}}}
    (tmp_path / "v.ndjson").write_text(json.dumps(video))
    ran = run("show", "v", "v.ndjson", "-o", "x.png", "--view", "20")
    note = "note: frame or page 20 holds no shape; the fullest one is 1\n"
    assert (ran.status, ran.out, ran.err) == (0, "x.png: 0 shapes of `v`, frame or page 20\n", note)
