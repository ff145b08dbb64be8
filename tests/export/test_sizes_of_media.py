"""Sizes of images that no `resolution` tells: read from the heads of their files, or why they are not known."""

import struct
import zlib

import pytest
from PIL import Image

from kili_query.errors import SourceError
from kili_query.export import NotExportableAssetError, write
from kili_query.labels.image_size import image_size
from tests.each import for_each
from tests.export.samples import asset, label, project, read
from tests.export.test_media import film


def huge_png(width_px, height_px):
    """A white image of one bit a pixel."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width_px, height_px, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" + b"\xff" * (-(-width_px // 8)), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def heic(width_px, height_px):
    """What stands before the pixels of a HEIC file."""

    def box(kind, data):
        return struct.pack(">I", 8 + len(data)) + kind + data

    def full(kind, data):
        return box(kind, b"\0\0\0\0" + data)

    sides = full(b"ispe", struct.pack(">II", width_px, height_px))
    owner = full(b"ipma", struct.pack(">IHBB", 1, 1, 1, 1))
    item = full(b"iinf", b"\0\1" + box(b"infe", b"\2\0\0\0\0\1\0\0hvc1\0"))
    handler = full(b"hdlr", b"\0\0\0\0pict" + b"\0" * 13)
    properties = box(b"iprp", box(b"ipco", sides) + owner)
    main = full(b"pitm", b"\0\1")
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + full(b"meta", handler + main + item + properties)


def turned_jpeg(path, orientation=6):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (60, 40)).save(path, "JPEG", exif=exif)


def exported(folder, name, **told):
    assets = [{**asset(1, name, content=name), "resolution": None, **told}]
    options = {"fmt": "coco", "to": folder / "a.zip", "with_assets": True, "media_root": folder}
    return write([label(1)], assets, project(), **options)


@pytest.mark.parametrize(
    ("name", "data", "size"),
    [("a.png", huge_png(16000, 12000), (16000, 12000)), ("a.heic", heic(4032, 3024), (4032, 3024))],
)
def test_of_what_is_not_opened_as_an_image(tmp_path, name, data, size):
    (tmp_path / name).write_bytes(data)
    (image,) = read(exported(tmp_path, name).path, "DET/labels.json")["images"]
    assert (image["width"], image["height"]) == size


@for_each(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "ICO", "PPM", "JPEG2000"])
def test_of_every_kind(kind, tmp_path):
    Image.new("RGB", (60, 40)).save(tmp_path / "a", kind, sizes=[(60, 40)])
    assert image_size(tmp_path / "a") == (60, 40)


def test_orientation_is_not_applied_unless_the_service_tells_so(tmp_path):
    turned_jpeg(tmp_path / "a.jpg")
    (image,) = read(exported(tmp_path, "a.jpg").path, "DET/labels.json")["images"]
    assert (image["width"], image["height"]) == (60, 40)
    turned = exported(tmp_path, "a.jpg", resolution={"width": 40, "height": 60})
    (image,) = read(turned.path, "DET/labels.json")["images"]
    assert (image["width"], image["height"]) == (40, 60)


@for_each(
    [
        ("a.heic", heic(4032, 3024)[:90], "its header cannot be read: "),
        ("a.png", b"", "the file is empty"),
        ("a.txt", b"text", "it is not an image that can be read"),
        ("a.png", huge_png(9, 9)[:20], "it is not an image that can be read"),
        ("a.png", huge_png(16000, 12000)[:30], "it is not an image that can be read"),
    ]
)
def test_that_cannot_be_read(row, tmp_path):
    name, data, reason = row
    (tmp_path / name).write_bytes(data)
    with pytest.raises(
        NotExportableAssetError, match=rf"`{name}`: its size .* and its media do not show it: `{name}`: .*"
    ):
        exported(tmp_path, name)
    with pytest.raises(SourceError, match=reason):
        image_size(tmp_path / name)


def test_of_a_film_that_is_not_cut(tmp_path):
    film(tmp_path / "film.mp4")
    with pytest.raises(SourceError, match="not an image that can be read"):
        image_size(tmp_path / "film.mp4")
