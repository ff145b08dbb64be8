"""``kili-query open``: labels and queries on a page in the browser."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated

import typer

from kili_query.cache_folder import is_cache
from kili_query.cli import FINE, CommandError
from kili_query.cli.arguments import JsonOption, OntologyOfLabelsOption, PolicyOption
from kili_query.cli.caches import opened_cache
from kili_query.cli.connection import EndpointOption, connected
from kili_query.cli.datasets import STDIN, dataset_at
from kili_query.cli.inputs import find_ontology, load_ontology
from kili_query.cli.output import is_quiet, tell, to_json
from kili_query.cli.progress import progress
from kili_query.cli.serve import warn_of_strangers
from kili_query.counting import CountPolicy
from kili_query.diagnostics.layout import counted, printable
from kili_query.errors import SourceError
from kili_query.extras import load

if TYPE_CHECKING:
    from kili_query.page.cached import CountedSource
    from kili_query.page.images import Images
    from kili_query.page.server import PageServer

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
    warn_of_strangers(host)
    server: type[PageServer] = load("kili_query.page.server", _FEATURE, _EXTRA).PageServer
    with _synced(project, cache, endpoint) as folder:
        source = source_of(folder or labels or "", ontology, images, CountPolicy(policy))
        box = server(source, host=host, port=port)
        try:
            print(to_json({"url": box.link}, sys.stdout) if as_json else announcement(box, source), flush=True)
            if not no_browser and not box.open():
                tell("note: no browser could be opened: open the link yourself")
            box.serve_forever()
        finally:
            box.close()
    return FINE


def announcement(box: "PageServer", source: "CountedSource") -> str:
    """Return what people need to open the page."""
    return f"{printable(source.title)}: {counted(source.n_labels, 'label')}\n\n{box.link}\n\nCtrl-C ends it."


@contextmanager
def _synced(project: str | None, cache: str | None, endpoint: str | None) -> Iterator[str | None]:
    """Download the labels of a project into a cache, which is removed at the end unless it was named."""
    if project is None:
        yield None
        return
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


def source_of(path: str, ontology: str | None, images: str | None, policy: CountPolicy) -> "CountedSource":
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
    cached = load("kili_query.page.cached", _FEATURE, _EXTRA)
    origin = load("kili_query.page.source", _FEATURE, _EXTRA).Origin
    pictures = _images(path, images)
    title = os.path.basename(os.path.abspath(path))
    whole = os.path.abspath(path)
    found = find_ontology(ontology, [path])
    loaded = load_ontology(found, [path])
    file = None if found is None or found == path else os.path.abspath(found)
    if is_cache(path):
        state = opened_cache(path).state
        if file is None and found == path and state.policy == policy:
            source: CountedSource = cached.CacheSource.of(
                path, title=title, origin=origin(whole, "cache", whole), images=pictures
            )
            return source
        raise CommandError(
            f"the labels of the cache `{path}` were counted by its own ontology and policy: leave out `--ontology` "
            "and `--policy`, or open the files that it was filled from"
        )
    dataset = dataset_at(path)
    with progress() as advance:
        source = cached.FileSource.of(
            path if dataset is None else dataset,
            progress=advance,
            title=title,
            ontology=loaded,
            policy=policy,
            images=pictures,
            origin=origin(whole, "file" if dataset is None else "dataset", file),
        )
    if not source.n_labels:
        broken = f": {counted(source.broken, 'record')} could not be read as labels" if source.broken else ""
        raise SourceError(f"`{path}` holds no labels{broken}")
    return source


def _images(path: str, images: str | None) -> "Images":
    module = load("kili_query.page.images", _FEATURE, _EXTRA)
    files = load("kili_query.datasets.files", _FEATURE, _EXTRA)
    if images is not None:
        if not os.path.isdir(images):
            raise CommandError(f"`{images}` is not a folder")
        found: Images = module.FileImages(files.FolderFiles(images))
        return found
    if is_cache(path):
        none: Images = module.NO_IMAGES
        return none
    dataset = dataset_at(path)
    of_source: Images = module.FileImages(files.Files.of(path) if dataset is None else dataset.files)
    return of_source
