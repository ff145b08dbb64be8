"""The files below some paths, and what is found in each."""

import io
import os
import tokenize
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from kili_query._extras import load
from kili_query.lint.found import NAMES, Found, Unreadable
from kili_query.lint.in_json import find_in_json
from kili_query.lint.in_notebook import find_in_notebook
from kili_query.lint.in_python import find_in_python
from kili_query.source import Source

__all__ = ["lint_paths"]

Finder: TypeAlias = Callable[[Source], Iterator[Found]]


def _find_in_yaml(source: Source) -> Iterator[Found]:
    found: Iterator[Found] = load("kili_query.lint.in_yaml", "YAML", "cli").find_in_yaml(source)
    return found


_FINDERS: dict[str, Finder] = {
    ".py": find_in_python,
    ".ipynb": find_in_notebook,
    ".json": find_in_json,
    ".yaml": _find_in_yaml,
    ".yml": _find_in_yaml,
}
_DATA = frozenset({".json", ".yaml", ".yml"})
_MENTIONS = tuple(name.encode() for name in (*NAMES, "kili-query"))
_PASSED_OVER = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


def lint_paths(paths: Iterable[str]) -> Iterator[tuple[str, list[Found]]]:
    """Each file to look at, once, with what is found in it.

    Folders are walked: hidden ones, virtual environments and ``node_modules`` are passed over, and so are YAML and
    JSON that mention no search, for they come in dialects and templates that need not be read here.

    Args:
        paths: files and folders.

    Raises:
        MissingExtraError: there is YAML, and the extra that reads it is not installed.
    """
    seen: set[str] = set()
    for given in paths:
        for name in _walk(given) if os.path.isdir(given) else [given]:
            if isinstance(name, Unreadable):
                yield name.name, [name]
            elif (real := os.path.realpath(name)) not in seen:
                seen.add(real)
                yield name, list(_find(name, is_named=name == given))


def _walk(folder: str) -> Iterator[str | Unreadable]:
    failures: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=failures.append):
        folders[:] = sorted(name for name in folders if not _is_passed_over(here, name))
        readable = sorted(name for name in files if Path(name).suffix in _FINDERS)
        yield from (os.path.normpath(os.path.join(here, name)) for name in readable)
    yield from (Unreadable(str(failure.filename), failure.strerror or str(failure)) for failure in failures)


def _is_passed_over(here: str, name: str) -> bool:
    return name.startswith(".") or name in _PASSED_OVER or os.path.exists(os.path.join(here, name, "pyvenv.cfg"))


def _find(name: str, *, is_named: bool) -> Iterator[Found]:
    suffix = Path(name).suffix
    finder = _FINDERS.get(suffix)
    if finder is None:
        yield Unreadable(name, f"not a file that may hold searches: those end in {', '.join(_FINDERS)}")
        return
    try:
        data = Path(name).read_bytes()
    except (OSError, ValueError) as error:
        yield Unreadable(name, getattr(error, "strerror", None) or str(error))
        return
    if not is_named and suffix in _DATA and not any(mention in data for mention in _MENTIONS):
        return
    try:
        text = _decode(data, suffix)
    except (UnicodeDecodeError, SyntaxError, LookupError) as error:  # SyntaxError: an encoding that is not known
        yield Unreadable(name, str(error) if isinstance(error, SyntaxError) else f"not UTF-8: {error}")
        return
    yield from finder(Source(text.replace("\r\n", "\n").replace("\r", "\n"), name))


def _decode(data: bytes, suffix: str) -> str:
    """The text of a file, without a byte order mark; of Python, in the encoding that it names."""
    encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0] if suffix == ".py" else "utf-8-sig"
    return data.decode(encoding)
