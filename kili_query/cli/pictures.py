"""``kili-query show`` and ``kili-query sheet``: labels drawn, one or many."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from kili_query.cli import FINE, NEGATIVE, CommandError
from kili_query.cli.arguments import JsonOption, LabelsArgument, OnMalformed, OntologyOfLabelsOption, QueryArgument
from kili_query.cli.caches import names_for, readable, reading_of
from kili_query.cli.datasets import dataset_at
from kili_query.cli.inputs import find_ontology, load_ontology, load_query, refuse_two_readers
from kili_query.cli.mistakes import refuse_swapped, refuse_unreadable, tell_report, tell_unseen
from kili_query.cli.output import opened_bytes, print_json, refuse_json_on_stdout, refuse_terminal, report_on, tell
from kili_query.cli.progress import progress
from kili_query.cli.rows import names_of
from kili_query.diagnostics.layout import counted
from kili_query.errors import LabelError
from kili_query.extras import load
from kili_query.scanning import Problem, read_labels, scan
from kili_query.scanning.labels import mistaken_asset
from kili_query.wording import listed

if TYPE_CHECKING:
    from PIL.Image import Image

    from kili_query.ontology import Ontology


Document = Mapping[str, object]

OutputOption = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        show_default=False,
        help="The picture to write: PNG, or what its suffix says (JPEG, WebP, TIFF); - is standard output.",
    ),
]
AssetsOption = Annotated[
    str | None,
    typer.Option(
        "--assets", metavar="FILE", help="Assets file: the sizes of the images, and which asset has which image."
    ),
]
ImagesOption = Annotated[
    str | None,
    typer.Option("--images", metavar="DIR", help="The folder of the images, named by external id or `content`."),
]
FontOption = Annotated[
    str | None,
    typer.Option("--font", metavar="FILE", help="A TrueType or OpenType font, for the characters that it has."),
]
_DRAWN_AT_MOST = 24
_LISTED = 5
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}


def show(
    label: Annotated[
        str,
        typer.Argument(
            metavar="LABEL", show_default=False, help="The id of the label, or the external id of its asset."
        ),
    ],
    labels: LabelsArgument,
    output: OutputOption,
    ontology: OntologyOfLabelsOption = None,
    assets: AssetsOption = None,
    images: ImagesOption = None,
    image: Annotated[str | None, typer.Option("--image", metavar="FILE", help="The image that was labeled.")] = None,
    view: Annotated[
        int | None,
        typer.Option(
            "--view", min=0, help="The frame of a video or page of a PDF; by default the one with most shapes."
        ),
    ] = None,
    font: FontOption = None,
    as_json: JsonOption = False,
) -> int:
    """Draw one label, over its image if you give it.

    Exit status: 0 when the picture was drawn, 2 for a missing label, bad input or bad usage.

    \b
    kili-query show label030752 labels.ndjson --ontology project.json -o label.png
    kili-query show label030752 labels.ndjson --image photo.jpg -o label.png
    """
    refuse_swapped(label, labels, "LABEL")
    refuse_json_on_stdout(output, as_json=as_json)
    image_format = _format_of(output)
    ontology = find_ontology(ontology, labels)
    loaded = load_ontology(ontology, labels)
    found = _label_named(label, labels)
    owners = _Assets(assets, images, labels)
    artist = _Artist(loaded, owners, font)
    picture = artist.picture(found, image=image, view=view)
    _save(picture, output, image_format, [*labels, image, ontology, assets])
    drawing = artist.drawing(found, view)
    if as_json:
        size = {"width": picture.width, "height": picture.height}
        print_json(
            {"path": output, "label": found.get("id"), **size, "shapes": len(drawing.shapes), "view": drawing.view}
        )
    else:
        of = "" if drawing.view is None else f", frame or page {drawing.view}"
        report_on(output)(f"{output}: {counted(len(drawing.shapes), 'shape')} of `{label}`{of}")
    for problem in drawing.problems:
        tell(f"not drawn: {problem}")
    if not drawing.shapes and view is not None and (fullest := artist.drawing(found, None).view) is not None:
        tell(f"note: frame or page {view} holds no shape; the fullest one is {fullest}")
    owners.tell_missing()
    return FINE


def sheet(
    query: QueryArgument,
    labels: LabelsArgument,
    output: OutputOption,
    ontology: OntologyOfLabelsOption = None,
    assets: AssetsOption = None,
    images: ImagesOption = None,
    most: Annotated[
        int, typer.Option("--most", min=1, max=400, help="Draw at most this many labels.")
    ] = _DRAWN_AT_MOST,
    columns: Annotated[int | None, typer.Option("--columns", min=1, help="Pictures per row.")] = None,
    tile_px: Annotated[
        int, typer.Option("--tile", min=32, max=1024, help="The size of each picture, in pixels.")
    ] = 320,
    font: FontOption = None,
    on_malformed: OnMalformed = "skip",
    as_json: JsonOption = False,
) -> int:
    """Draw the labels that match a query, side by side.

    Exit status: 0 when something matched, 1 when nothing did, and then no file is written, 2 for a bad
    query, bad input or bad usage.

    \b
    kili-query sheet 'OBJECTS.PERSON.count >= 3' labels.ndjson --ontology project.json -o people.png
    """
    refuse_two_readers(query, labels)
    refuse_swapped(query, labels)
    refuse_json_on_stdout(output, as_json=as_json)
    image_format = _format_of(output)
    ontology = find_ontology(ontology, labels)
    loaded = load_ontology(ontology, labels)
    asked = load_query(query, loaded)
    cache = reading_of(labels, asked, ontology)
    names = names_for(loaded, cache)
    owners = _Assets(assets, images, labels)
    artist = _Artist(loaded, owners, font)
    pictures = load("kili_query.pictures", "`kili-query sheet`", "export")
    tiles: list[object] = []
    captions: list[str] = []
    not_drawn: list[str] = []
    matched = 0
    with progress() as advance:
        sources = readable(labels) if cache is None else [cache.stream()]
        found = scan(
            sources,
            asked,
            ontology=loaded,
            on_malformed=on_malformed,
            progress=advance,
            names=names,
            dataset_ontology=False,  # what is to be used is given
        )
        for label in found if cache is None else cache.narrowed(found, found.report):
            matched += 1
            if len(tiles) < most:
                captions.append(_name(label))
                tiles.append(pictures.Tile(artist.picture(label), captions[-1]))
                not_drawn += [f"label `{_name(label)}`: {one}" for one in artist.drawing(label, None).problems]
    for problem in not_drawn:
        tell(f"not drawn: {problem}")
    refuse_unreadable(found.report)
    missing = pictures.missing_characters(captions, font)
    if missing is not None:
        tell(f"not drawn: a caption: {missing}")
    if tiles:
        drawn = pictures.contact_sheet(tiles, columns=columns, tile_px=tile_px, font=font)
        _save(drawn, output, image_format, [*labels, ontology, assets])
    tell_report(found.report, str(found.report).partition("\n")[0])
    owners.tell_missing()
    tell_unseen(asked, names)
    if as_json:
        print_json({"path": output if tiles else None, "matched": matched, "drawn": len(tiles)})
    elif tiles:
        more = "" if matched == len(tiles) else f" of {matched} (--most draws more)"
        report_on(output)(f"{output}: {counted(len(tiles), 'label')}{more}")
    return FINE if tiles else NEGATIVE


class _Drawn(Protocol):
    """The part of `kili_query.pictures.Drawing` that is used here."""

    @property
    def shapes(self) -> Sequence[object]: ...
    @property
    def view(self) -> int | None: ...
    @property
    def problems(self) -> Sequence[str]: ...


class _Artist:
    """Draws labels, each over the image that belongs to it."""

    def __init__(self, ontology: "Ontology | None", assets: "_Assets", font: str | None) -> None:
        self._ontology = ontology
        self._font = font
        self._assets = assets
        self._pictures = load("kili_query.pictures", "drawing labels", "export")

    def drawing(self, label: Document, view: int | None) -> _Drawn:
        drawing: _Drawn = self._pictures.drawing_of(label, ontology=self._ontology, view=view, font=self._font)
        return drawing

    def picture(self, label: Document, *, image: str | None = None, view: int | None = None) -> "Image":
        asset = self._assets.asset_of(label)
        found = image or self._assets.image_of(asset)
        try:
            picture: Image = self._pictures.draw_label(
                label, ontology=self._ontology, image=found, size=_size(asset), view=view, font=self._font
            )
        except LabelError as error:
            raise type(error)(
                f"label `{_name(label)}`: {error.message.replace('`view`', '`--view`')}", error.path
            ) from error
        return picture


class _Assets:
    """The given assets, by id and by external id."""

    def __init__(self, path: str | None, images: str | None, labels: list[str]) -> None:
        self._by_id: dict[str, Document] = {}
        self._without_image: list[str] = []
        self._root = None if images is None else Path(images)
        if self._root is not None and not self._root.is_dir():
            raise CommandError(f"`{images}` is not a folder")
        dataset = dataset_at(labels[0]) if len(labels) == 1 else None
        self._files = None if dataset is None else dataset.files
        for asset in () if path is None else assets_in(path):
            for key in (asset.get("id"), asset.get("externalId")):
                if isinstance(key, str):
                    self._by_id.setdefault(key, asset)

    def asset_of(self, label: Document) -> Document:
        """The asset of a label; what the label itself tells of it where no file does."""
        owner = label.get("labelOf")
        told = owner if isinstance(owner, Mapping) else {}
        keys = (told.get("id"), label.get("assetId"), told.get("externalId"), label.get("externalId"))
        return next((self._by_id[key] for key in keys if isinstance(key, str) and key in self._by_id), told)

    def image_of(self, asset: Document) -> str | None:
        """The file of its image, where there is one in the folder of images, or in that of a dataset."""
        if self._root is None:
            content = asset.get("content")
            found = self._files.local(content) if self._files is not None and isinstance(content, str) else None
            return None if found is None else str(found)
        names = [one for one in (asset.get("externalId"), asset.get("content")) if isinstance(one, str) and one]
        for name in names:
            if "\0" not in name:
                path = Path(os.path.realpath(self._root / name))
                if path.is_relative_to(os.path.realpath(self._root)) and path.is_file():
                    return str(path)
        self._without_image.append(names[0] if names else "an asset without a name")
        return None

    def tell_missing(self) -> None:
        """Print a note on the labels that were drawn without their image although there is a folder of images."""
        if missing := self._without_image:
            drawn = f"{counted(len(missing), 'label')} drawn without an image"
            tell(f"note: {drawn}: there is no file `{missing[0]}` in `{self._root}`")


def _size(asset: Document) -> tuple[int, int] | None:
    told = asset.get("resolution")
    sides = (told.get("width"), told.get("height")) if isinstance(told, Mapping) else ()
    whole = tuple(int(side) for side in sides if isinstance(side, int | float) and 1 <= side < 2**31)
    return (whole[0], whole[1]) if len(whole) == 2 else None


def assets_in(path: str) -> Iterator[Document]:
    """Read a file of assets.

    Raises:
        CommandError: it holds something else.
    """
    for item in read_labels(path, at=""):
        if isinstance(item, Problem):
            raise CommandError(f"{item}")
        if (mistaken := mistaken_asset(item.label)) is not None:
            raise CommandError(f"`{path}` looks like {mistaken}, not like assets")
        yield item.label


def _label_named(name: str, labels: list[str]) -> Document:
    """Return the label with an id, or else the one label of the asset with that id or external id."""
    number, problems = 0, []
    of_asset: list[Document] = []
    with progress() as advance:
        for item in read_labels(readable(labels), progress=advance):
            if isinstance(item, Problem):
                problems.append(item)  # it may be any label, and the one that is meant may follow
                continue
            number += 1
            if item.label.get("id") == name:
                return item.label
            if name in names_of(item.label):
                of_asset.append(item.label)
    if len(of_asset) == 1:
        return of_asset[0]
    if of_asset:
        ids = listed([f"`{label.get('id')}`" for label in of_asset], _LISTED)
        raise CommandError(f"the asset `{name}` has {len(of_asset)} labels: name one of {ids}")
    unread = f", and {len(problems)} could not be: {problems[0]}" if problems else ""
    raise CommandError(f"no label has the id `{name}`, and no asset of one: {number} were read{unread}")


def _name(label: Document) -> str:
    owner = label.get("labelOf")
    told = owner.get("externalId") if isinstance(owner, Mapping) else None
    return " ".join(str(part) for part in (label.get("id"), told) if part is not None) or "a label without id"


def _format_of(output: str) -> str:
    """The format that the suffix of a picture asks for."""
    suffix = os.path.splitext(output)[1].lower()
    refuse_terminal(output)
    if not output:
        raise typer.BadParameter("name a file, or - for standard output", param_hint="'--output'")
    if suffix and suffix not in _FORMATS:
        raise typer.BadParameter(
            f"`{output}` ends in `{suffix}`, which is not a kind of picture that can be written: "
            f"there are {', '.join(_FORMATS)}",
            param_hint="'--output'",
        )
    return _FORMATS.get(suffix, "PNG")


def _save(picture: "Image", output: str, image_format: str, inputs: list[str | None]) -> None:
    """Write the picture; the file appears once it is complete."""
    drawn = picture.convert("RGB") if image_format == "JPEG" else picture
    with opened_bytes(output, inputs) as new:
        drawn.save(new.file, image_format)
