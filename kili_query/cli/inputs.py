"""Read what commands are given: the query and the ontology."""

import os
import sys
from collections.abc import Sequence

import typer

from kili_query.cache_folder import is_cache
from kili_query.cli.caches import opened_cache
from kili_query.cli.datasets import STDIN, are_named, dataset_at, dataset_of_ontology, turn_off_ontologies
from kili_query.cli.output import QUERY_NAME, tell, tell_diagnostics
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.diagnostics import Diagnostic, Severity
from kili_query.errors import CacheError, OntologyError, QueryError, QuerySyntaxError, SourceError
from kili_query.ontology import Ontology
from kili_query.query import Query, check, parse
from kili_query.syntax import Dialect

_FILE = "@"
_BESIDE = "beside the labels"
_OF_CACHE = "of the cache"
_OF_DATASET = "of the dataset"
_NO_ONTOLOGY = "none"


def read_query(argument: str) -> tuple[str, str]:
    """Return the text of a query and what messages call it.

    Raises:
        SourceError: standard input is not UTF-8, or a file cannot be read.
    """
    if argument.startswith(_FILE):  # no query starts so
        name = argument.removeprefix(_FILE)
        if not name:
            raise typer.BadParameter("name the file of the query right after the `@`", param_hint="'QUERY'")
        from kili_query.lint.files import read_query_file  # here, because most queries stand on the command line

        return read_query_file(name), name
    if os.path.isfile(argument):  # its name may well be a query
        raise typer.BadParameter(f"`{argument}` is a file: write @{argument} for the query in it", param_hint="'QUERY'")
    if argument != STDIN:
        return argument, QUERY_NAME
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"<stdin>: not UTF-8: {error.reason} (at byte {error.start + 1})") from error
    return text.rstrip("\r\n"), "<stdin>"


def diagnose(
    text: str,
    name: str,
    ontology: Ontology | None,
    dialect: Dialect = "extended",
    policy: CountPolicy = DEFAULT_POLICY,
) -> tuple[Query | None, list[Diagnostic]]:
    """Return the query, or None if the text is not one, and every diagnostic."""
    try:
        query = parse(text, dialect=dialect, name=name)
    except QuerySyntaxError as error:
        return None, list(error.diagnostics)
    return query, check(query, ontology, policy=policy)


def load_query(
    argument: str, ontology: Ontology | None, name: str | None = None, policy: CountPolicy = DEFAULT_POLICY
) -> Query:
    """Return the query if it has no error; print its warnings on standard error.

    Args:
        argument: the query, or ``-``.
        ontology: names are checked against it.
        name: what messages call the query, where there are several.
        policy: how objects are counted.

    Raises:
        QueryError: there is an error.
    """
    text, own_name = read_query(argument)
    query, found = judge_query(text, name or own_name, ontology, policy)
    tell_diagnostics(found)
    return query


def judge_query(
    text: str, name: str, ontology: Ontology | None, policy: CountPolicy = DEFAULT_POLICY
) -> tuple[Query, list[Diagnostic]]:
    """Return the query if it has no error, and its warnings.

    Raises:
        QueryError: there is an error.
    """
    query, found = diagnose(text, name, ontology, policy=policy)
    if query is None or any(one.severity is Severity.ERROR for one in found):
        raise QueryError(found)
    return query, found


def find_ontology(option: str | None, labels: Sequence[str] = ()) -> str | None:
    """Return the file to check names against, and say so if no option names it.

    Args:
        option: ``--ontology``; `none` turns the check off.
        labels: the sources of labels; where ``KILI_ONTOLOGY`` is not set, the ontology of a cache or a
            ``project.json`` beside them is used. A dataset has its own.
    """
    if option == _NO_ONTOLOGY:
        turn_off_ontologies()
    path, origin = named_ontology(option, labels)
    if path is None or not origin:
        return path
    if origin == _BESIDE:
        try:
            Ontology.load(path)
        except OntologyError as error:
            tell(f"note: {path} beside the labels is not used: {error}")
            return None
    if origin != _OF_DATASET:  # which is the one that anybody would expect
        tell(ontology_of_cache(path) if origin == _OF_CACHE else _using(f"{path} {origin}"))
    return path


def ontology_of_cache(folder: str) -> str:
    """Return the note that the ontology of a cache is used."""
    return _using(f"of the cache {folder}")


def _using(which: str) -> str:
    return f"note: using the ontology {which} (`--ontology none` turns it off)"


def named_ontology(option: str | None, labels: Sequence[str]) -> tuple[str | None, str]:
    """Return the file that `find_ontology` would use, and where its name comes from if no option names it."""
    if option is not None:
        return (None if option == _NO_ONTOLOGY else option), ""
    if len(labels) == 1 and dataset_at(labels[0]) is not None:
        return labels[0], _OF_DATASET
    if named := os.environ.get("KILI_ONTOLOGY"):
        return named, "from KILI_ONTOLOGY"
    if len(labels) == 1 and is_cache(labels[0]):
        return (labels[0] if opened_cache(labels[0]).ontology is not None else None), _OF_CACHE
    return file_beside(labels, "project.json"), _BESIDE


def file_beside(labels: Sequence[str], name: str) -> str | None:
    """Return the one file with this name that is beside all labels, or in the folder that holds them."""
    folders = {
        one if os.path.isdir(one) else os.path.dirname(one) for one in labels if one != STDIN and "\0" not in one
    }
    path = os.path.join(folders.pop(), name) if len(folders) == 1 else ""
    return None if path in labels or not os.path.isfile(path) else path


def load_ontology(path: str | None, labels: Sequence[str] = ()) -> Ontology | None:
    """Return the ontology in a file, a cache or a dataset, if there is one.

    Args:
        path: of the file, cache or dataset.
        labels: the sources of labels; without a path, datasets have one together.

    Raises:
        OntologyError: the file cannot be read, or does not hold a project.
        CacheError: the cache cannot be read, or has no ontology.
    """
    if path is None:
        return _ontology_of_datasets(labels)
    if not is_cache(path):
        dataset = dataset_of_ontology(path)
        return Ontology.load(path) if dataset is None else dataset.ontology
    ontology = opened_cache(path).ontology
    if ontology is None:
        raise CacheError(f"the cache `{path}` has no ontology: name the file of the project")
    return ontology


def _ontology_of_datasets(labels: Sequence[str]) -> Ontology | None:
    if not are_named():
        return None
    datasets = [dataset_at(one) for one in labels if not is_cache(one)]
    found = [one for one in datasets if one is not None]
    if not found or len(found) != len(labels):
        return None
    from kili_query.scanning.sources import own_ontology  # here, because it takes long to import

    return own_ontology(found)


def refuse_two_readers(query: str, labels: Sequence[str]) -> None:
    """Refuse to read both the query and the labels from standard input."""
    if query == STDIN and STDIN in labels:
        raise typer.BadParameter("standard input cannot be the query and the labels at once", param_hint="'LABELS'")
