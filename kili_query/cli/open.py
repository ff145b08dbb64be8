"""``kili-query open``: labels and queries on a page in the browser."""

import os
import shutil
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from tempfile import mkdtemp
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import evolve

from kili_query.cache_folder import is_cache
from kili_query.cli import FINE, CommandError
from kili_query.cli.arguments import JsonOption, OntologyOfLabelsOption, PolicyOption
from kili_query.cli.caches import opened_cache, readable
from kili_query.cli.connection import EndpointOption, connected
from kili_query.cli.datasets import STDIN, chosen_format, dataset_at
from kili_query.cli.inputs import file_beside, find_ontology, load_ontology
from kili_query.cli.mistakes import taken_for
from kili_query.cli.output import is_quiet, tell, to_json
from kili_query.cli.pictures import assets_in
from kili_query.cli.progress import progress
from kili_query.cli.serve import warn_of_strangers
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.diagnostics.layout import counted, printable
from kili_query.errors import SourceError
from kili_query.extras import load
from kili_query.scanning import ProgressCallback

if TYPE_CHECKING:
    from kili_query.page.cached import CountedSource
    from kili_query.page.images import Images
    from kili_query.page.server import PageServer
    from kili_query.page.source import Kind, Origin

_FEATURE, _EXTRA = "`kili-query open`", "page"


def open_page(
    labels: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            show_default=False,
            help="A file of labels, a raw export, a label cache or a dataset of another tool.",
        ),
    ] = None,
    ontology: OntologyOfLabelsOption = None,
    project: Annotated[
        str | None,
        typer.Option("--project", metavar="ID", help="Open a project of a server, whose labels are downloaded first."),
    ] = None,
    cache: Annotated[
        str | None,
        typer.Option(
            "--cache",
            metavar="DIR",
            help="Keep the labels of --project in this label cache, and download only what changed the next time.",
        ),
    ] = None,
    endpoint: EndpointOption = None,
    assets: Annotated[
        str | None,
        typer.Option(
            "--assets",
            metavar="FILE",
            help="Assets file: the sizes of the images, and where they are. [default: assets.ndjson beside the labels]",
        ),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            "--images",
            metavar="DIR",
            help="The folder of the images, named by `content` or external id. "
            "[default: the dataset, or the folder of the labels]",
        ),
    ] = None,
    policy: PolicyOption = "objects",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 chooses a free one.")
    ] = 0,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the link.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Open labels on a page in the browser, to write queries and see what matches.

    The page is served on this machine, to whoever has the link that is printed, until Ctrl-C. It only reads, and loads
    nothing from elsewhere. Exit status: 130 after Ctrl-C, 2 for bad input or bad usage.

    \b
    kili-query open labels.ndjson --ontology project.json
    kili-query open coco-folder
    kili-query open --project PROJECT --cache labels-cache
    """
    if (labels is None) == (project is None):
        raise CommandError("name a file, a folder or a cache to open, or a project of a server (`--project`)")
    if cache is not None and project is None:
        raise typer.BadParameter("only with --project", param_hint="'--cache'")
    server: type[PageServer] = load("kili_query.page.server", _FEATURE, _EXTRA).PageServer
    with ExitStack() as stack:
        path = labels if project is None else stack.enter_context(downloaded(project, cache, endpoint))
        source = source_of(str(path), ontology, assets, images, CountPolicy(policy))
        if project is not None:
            source.title, source.origin = (
                project,
                evolve(source.origin, path=project, kind="project", endpoint=endpoint),
            )
        box = stack.enter_context(closing(server(source, host=host, port=port)))
        warn_of_strangers(host)
        for note in source.notes:
            tell(f"note: {printable(note)}")
        print(to_json({"url": box.link}, sys.stdout) if as_json else announcement(box, source), flush=True)
        if not no_browser:
            Thread(target=_show, args=(box.link,), daemon=True).start()  # some browsers run until they are closed
        box.warm_up()
        box.serve_forever()
    return FINE


def _show(link: str) -> None:
    if not webbrowser.open(link):
        tell("note: no browser could be opened: open the link yourself")


def announcement(box: "PageServer", source: "CountedSource") -> str:
    """Return what people need to open the page."""
    lines = [f"{printable(source.title)}: {counted(source.n_labels, 'label')}"]
    if source.broken:
        lines.append(
            f'{counted(source.broken, "record")} could not be read as labels: the page lists them under "Malformed"'
        )
    return "\n".join([*lines, "", box.link, "", "Ctrl-C ends it."])


@contextmanager
def downloaded(project: str, cache: str | None, endpoint: str | None) -> Iterator[str]:
    """Download the labels of a project into a cache, and yield its folder, which is removed unless it was named."""
    folder = mkdtemp(prefix="kili-query-page-") if cache is None else cache
    try:
        opened = opened_cache(folder)
        with connected("open", endpoint) as client:
            is_hidden = is_quiet() or not sys.stderr.isatty()
            tell(str(opened.sync(client, project, disable_tqdm=is_hidden)))
        yield folder
    finally:
        if cache is None:
            shutil.rmtree(folder, ignore_errors=True)


def source_of(
    path: str,
    ontology: str | None = None,
    assets: str | None = None,
    images: str | None = None,
    policy: CountPolicy = DEFAULT_POLICY,
) -> "CountedSource":
    """Return the labels at a path for the page.

    Raises:
        CommandError, SourceError, CacheError: they cannot be read.
        OntologyError: the ontology cannot be read.
    """
    if path == STDIN:
        raise CommandError("the page reads its labels again and again: name a file in place of standard input")
    try:
        os.stat(path)
    except (OSError, ValueError) as error:  # ValueError: a zero byte
        raise SourceError.of(path, error) from error
    found = find_ontology(ontology, [path])
    with progress(at_once=True) as advance:  # loading packages and recognizing a dataset take seconds
        return _source_of(path, found, assets, images, policy, advance)


def _source_of(
    path: str,
    found: str | None,
    assets: str | None,
    images: str | None,
    policy: CountPolicy,
    advance: ProgressCallback | None,
) -> "CountedSource":
    about = {
        "title": os.path.basename(os.path.abspath(path)),
        "images": _images(path, images),
        "assets": _assets(path, assets),
        "origin": _origin(path, found),
    }
    cached = load("kili_query.page.cached", _FEATURE, _EXTRA)
    source: CountedSource
    if is_cache(path) and _is_counted_so(path, found, policy):
        source = cached.CacheSource.of(path, **about)
        return source
    (readable_labels,) = readable([path])
    source = cached.FileSource.of(
        readable_labels, progress=advance, ontology=load_ontology(found, [path]), policy=policy, **about
    )
    if not is_cache(path) and (reasons := source.why_unreadable()):
        raise SourceError(taken_for(path, reasons, reads_contents=False))
    if not source.n_labels:
        raise SourceError(f"`{path}` holds no labels")
    return source


def _is_counted_so(path: str, ontology: str | None, policy: CountPolicy) -> bool:
    """Whether a cache has counts by this ontology and policy."""
    state = opened_cache(path).state
    own = path if state.ontology is not None else None
    return ontology == own and state.policy == policy


def _origin(path: str, ontology: str | None) -> "Origin":
    kind: Kind = "cache" if is_cache(path) else "file" if dataset_at(path) is None else "dataset"
    named = None if ontology is None or (kind == "dataset" and ontology == path) else os.path.abspath(ontology)
    made: type[Origin] = load("kili_query.page.source", _FEATURE, _EXTRA).Origin
    return made(os.path.abspath(path), kind, named, chosen_format())


def _assets(path: str, assets: str | None) -> dict[str, dict[str, object]]:
    """Return what an assets file says of sizes and places of images, by the id of the asset."""
    named = file_beside([path], "assets.ndjson") if assets is None else assets
    reading = load("kili_query.page.reading", _FEATURE, _EXTRA)
    known: dict[str, dict[str, object]] = reading.known_assets(() if named is None else assets_in(named))
    return known


def _images(path: str, images: str | None) -> "Images":
    """Return the images of a folder, else those of the dataset or of the folder of the labels."""
    module = load("kili_query.page.images", _FEATURE, _EXTRA)
    files = load("kili_query.datasets.files", _FEATURE, _EXTRA)
    if images is not None and not os.path.isdir(images):
        raise CommandError(f"`{images}` is not a folder")
    found: Images
    if images is None and is_cache(path):
        found = module.NO_IMAGES
    elif images is not None:
        found = module.FileImages(files.FolderFiles(images))
    else:
        dataset = dataset_at(path)
        found = module.FileImages(files.Files.of(path) if dataset is None else dataset.files)
    return found
