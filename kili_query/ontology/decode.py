"""From the JSON of a project's interface to jobs: the one place that knows its shape."""

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path

from attrs import evolve

from kili_query.errors import OntologyError
from kili_query.ontology.job import CATEGORY_TASKS, PLAIN_TASKS, CategoryPoint, Job, JobCategory

SOURCE = "source"
"""The key under which a project, an asset, a label or an annotation keeps what has no counterpart on the platform."""

_MISTAKEN = "it holds {}, not a project: give the file that has the project's `jsonInterface`"
_LABEL_FIELDS = frozenset({"jsonResponse", "labelOf", "latestLabel", "latestLabels", "labels"})
_ASSET_FIELDS = frozenset({"externalId", "jsonContent", "jsonMetadata"})
_PROJECT_FIELDS = frozenset({"jobs", "jsonInterface"})


def read_file(path: str | PathLike[str]) -> bytes:
    """The content of a file.

    Raises:
        OntologyError: it cannot be read; the message names it.
    """
    if not fspath(path):
        raise OntologyError("the path of the project is empty")
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # a ValueError when the path holds a null character
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        inside = Path(path, "project.json")
        advice = f": give `{fspath(inside)}`" if isinstance(error, IsADirectoryError) and inside.is_file() else ""
        raise OntologyError(f"cannot read `{fspath(path)}`: {reason.lower()}{advice}") from error


@contextmanager
def naming(path: str | PathLike[str]) -> Iterator[None]:
    """Name the file in errors about what it holds."""
    try:
        yield
    except OntologyError as error:
        raise OntologyError(f"`{fspath(path)}`: {error.message}", error.path) from error


def decode_interface(value: object) -> tuple[dict[str, Job], str | None, str | None]:
    """The jobs, and of a project its input type and the format of the dataset that it describes, where it says them.

    Args:
        value: a ``jsonInterface``, its JSON text, or a project that holds either under ``jsonInterface``. Bytes may
            be in UTF-8, 16 or 32, and a byte order mark is no fault.

    Raises:
        OntologyError: the value has another shape; its path says where.
    """
    root = decode_document(value)
    if "jobs" in root or "jsonInterface" not in root:
        return _jobs(root, ""), None, None
    input_type = _text_or_none(root.get("inputType"), "inputType")
    interface = _mapping(_parsed(root["jsonInterface"], "jsonInterface"), "jsonInterface")
    source = root.get(SOURCE)
    dataset_format = source.get("format") if isinstance(source, Mapping) else None
    return _jobs(interface, "jsonInterface"), input_type, dataset_format if isinstance(dataset_format, str) else None


def decode_document(value: object) -> Mapping[str, object]:
    """A project or an interface as a mapping, from the mapping itself, its JSON text, or the bytes of that.

    Raises:
        OntologyError: it is something else.
    """
    root = _parsed(value)
    first = root[0] if isinstance(root, list) and root else root
    if (mistaken := _mistaken(first)) is not None:
        raise OntologyError(_MISTAKEN.format(mistaken))
    return _mapping(root, "")


def _mistaken(value: object) -> str | None:
    """Name what was given instead of a project; None if it may be one."""
    if not isinstance(value, Mapping) or _PROJECT_FIELDS & value.keys():
        return None
    if "jsonResponse" not in value and _ASSET_FIELDS & value.keys():
        return "assets"
    return "labels" if _LABEL_FIELDS & value.keys() else None


def _first_line(text: str) -> object:
    """The value of the first line, where a text holds one a line; None where that cannot be read."""
    try:
        value: object = json.loads(text.lstrip().partition("\n")[0])
    except (ValueError, RecursionError):
        return None
    return value


def _parsed(value: object, path: str = "") -> object:
    return _parse(value, path) if isinstance(value, str | bytes | bytearray) else value


def _parse(text: str | bytes | bytearray, path: str = "") -> object:
    try:
        value: object = json.loads(text.removeprefix("\ufeff") if isinstance(text, str) else text)
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            mistaken = _mistaken(_first_line(error.doc))
            if mistaken is not None:
                raise OntologyError(_MISTAKEN.format(mistaken), path) from error
        raise OntologyError(_reason(text, error), path) from error
    except RecursionError as error:
        raise OntologyError("nested too deep to be read", path) from error
    return value


def _reason(text: str | bytes | bytearray, error: ValueError) -> str:
    if not text.strip():
        return "it is empty"
    return "not JSON, nor any text in UTF-8" if isinstance(error, UnicodeError) else f"not valid JSON: {error}"


def _jobs(interface: Mapping[str, object], path: str) -> dict[str, Job]:
    """All jobs, each knowing its parents."""
    at = _step(path, "jobs")
    if "jobs" not in interface:
        raise OntologyError("`jobs` is missing", at)
    raw = _mapping(interface["jobs"], at)
    jobs = {name: _job(name, _mapping(job, _step(at, name)), _step(at, name)) for name, job in raw.items()}
    parents: dict[str, list[tuple[str, str]]] = {}
    for job in jobs.values():
        for category in job.choices():
            for child in category.children:
                parents.setdefault(child, []).append((job.name, category.key))
    return {name: _placed(job, raw[name], tuple(parents.get(name, ()))) for name, job in jobs.items()}


def _placed(job: Job, raw: object, parents: tuple[tuple[str, str], ...]) -> Job:
    """The job with its parents; it is a child when they say so, unless it says itself what it is."""
    says_itself = isinstance(raw, Mapping) and raw.get("isChild") is not None
    return evolve(job, parents=parents, is_child=job.is_child if says_itself else bool(parents))


def _job(name: str, raw: Mapping[str, object], path: str) -> Job:
    task = _text_or_none(raw.get("mlTask"), _step(path, "mlTask")) or ""
    if not task and raw.get("content"):
        _warn_of_loss("the job has no `mlTask`: its categories are counted, and exports leave it out", path)
    plain = Job(
        name,
        task,
        instruction=_text_or_none(raw.get("instruction"), _step(path, "instruction")) or None,
        export_name=_text_or_none(raw.get("exportName"), _step(path, "exportName")) or None,
        is_child=_flag(raw.get("isChild"), _step(path, "isChild")),
        is_required=_flag(raw.get("required"), _step(path, "required")),
    )
    if task in CATEGORY_TASKS or task in PLAIN_TASKS:
        return _with_content(plain, raw, path)
    try:
        return _with_content(plain, raw, path)
    except OntologyError:  # the shape of an unknown task is unknown: what cannot be read as categories is none
        return plain


def _with_content(job: Job, raw: Mapping[str, object], path: str) -> Job:
    at = _step(path, "content")
    content = _mapping_or_none(raw.get("content"), at)
    return evolve(
        job,
        input=_text_or_none(content.get("input"), _step(at, "input")),
        tools=_texts(raw.get("tools"), _step(path, "tools")),
        categories={} if job.ml_task in PLAIN_TASKS else _categories(content, at, "categories"),
        options=_categories(content, at, "options") if job.ml_task == "COMPARISON" else {},
    )


def _categories(content: Mapping[str, object], path: str, under: str) -> dict[str, JobCategory]:
    at = _step(path, under)
    found = _mapping_or_none(content.get(under), at)
    return {key: _category(key, _mapping(raw, _step(at, key)), _step(at, key)) for key, raw in found.items()}


def _category(key: str, raw: Mapping[str, object], path: str) -> JobCategory:
    points = _points(raw.get("points"), _step(path, "points"))
    children = [_child_jobs(raw.get("children"), _step(path, "children")), *(point.children for point in points)]
    return JobCategory(
        key,
        _text_or_none(raw.get("name"), _step(path, "name")) or key,
        children=tuple(dict.fromkeys(child for some in children for child in some)),
        points=points,
        color=_text_or_none(raw.get("color"), _step(path, "color")),
    )


def _points(value: object, path: str) -> tuple[CategoryPoint, ...]:
    points = []
    for index, item in enumerate(_items(value, path)):
        at = f"{path}[{index}]"
        raw = _mapping(item, at)
        code = _text(raw.get("code"), _step(at, "code"))
        name = _text_or_none(raw.get("name"), _step(at, "name")) or code
        points.append(CategoryPoint(code, name, _child_jobs(raw.get("children"), _step(at, "children"))))
    return tuple(points)


def _child_jobs(value: object, path: str) -> tuple[str, ...]:
    """A list of child jobs; some interfaces have an object instead, which holds none."""
    if not isinstance(value, Mapping) or not value:
        return _texts(value, path)
    _warn_of_loss("`children` must be a list of jobs: the object in its place is read as an empty list", path)
    return ()


def _warn_of_loss(message: str, path: str) -> None:
    warnings.warn(f"interface: {message} (at `{path}`)", UserWarning, stacklevel=2)


def _step(path: str, key: str) -> str:
    """The path one key further; a key that could be taken for several is quoted."""
    if not key or not key.replace("_", "").replace("-", "").isalnum():
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def _mapping(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise OntologyError(f"expected an object, found {kind_of(value)}", path)
    for key in value:
        if not isinstance(key, str):
            raise OntologyError(f"expected keys that are strings, found {kind_of(key)}", path)
    return value


def _mapping_or_none(value: object, path: str) -> Mapping[str, object]:
    return {} if _is_nothing(value) else _mapping(value, path)


def _is_nothing(value: object) -> bool:
    """Whether it is null, or an empty list or object: some languages write either of these for what is empty."""
    return value is None or (isinstance(value, list | tuple | Mapping) and not value)


def _items(value: object, path: str) -> Iterable[object]:
    if _is_nothing(value):
        return ()
    if not isinstance(value, list | tuple):
        raise OntologyError(f"expected a list, found {kind_of(value)}", path)
    return value


def _texts(value: object, path: str) -> tuple[str, ...]:
    return tuple(_text(item, f"{path}[{index}]") for index, item in enumerate(_items(value, path)))


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise OntologyError(f"expected a string, found {kind_of(value)}", path)
    return value


def _text_or_none(value: object, path: str) -> str | None:
    return None if value is None else _text(value, path)


def _flag(value: object, path: str) -> bool:
    if value is None:
        return False
    if value not in (0, 1):
        raise OntologyError("expected true or false, 1 or 0", path)
    return bool(value)


def kind_of(value: object) -> str:
    """Return what JSON calls a value of this kind."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "an object"
        case _:
            return f"`{type(value).__name__}`"
