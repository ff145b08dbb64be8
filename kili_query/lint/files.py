"""The files below some paths, and what is found in each."""

import codecs
import io
import os
import re
import stat
import tokenize
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from kili_query.errors import SourceError
from kili_query.extras import load
from kili_query.lint.derived import plain_line_ends
from kili_query.lint.in_json import find_in_json
from kili_query.lint.in_notebook import CELL_SUFFIX, find_in_cell_of_notebook, find_in_notebook
from kili_query.lint.in_python import find_in_python
from kili_query.lint.in_query import QUERY_SUFFIX, find_in_query
from kili_query.lint.searches import NAMES, FoundSearch, LintItem, Unreadable
from kili_query.litter import is_litter
from kili_query.source import Source

Finder: TypeAlias = Callable[[Source], Iterator[LintItem]]


def _find_in_yaml(source: Source) -> Iterator[LintItem]:
    found: Iterator[LintItem] = load("kili_query.lint.in_yaml", "YAML", "cli").find_in_yaml(source)
    return found


_FINDERS: dict[str, Finder] = {
    ".py": find_in_python,
    ".ipynb": find_in_notebook,
    ".json": find_in_json,
    ".yaml": _find_in_yaml,
    ".yml": _find_in_yaml,
    QUERY_SUFFIX: find_in_query,
}
SUFFIXES = frozenset(_FINDERS)
"""How the names of files end that are read."""

_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_MENTION = re.compile(b"|".join(re.escape(word.encode(one)) for word in (*NAMES, "kili-query") for one in _ENCODINGS))
_LONGEST_MENTION_BYTES = max(len(name) for name in NAMES) * 4
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LARGEST_BYTES = 128 << 20
_CHUNK_BYTES = 1 << 20
_PASSED_OVER = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


def lint_paths(paths: Iterable[str]) -> Iterator[tuple[str, list[LintItem]]]:
    """Find the searches in each file, once.

    Folders are walked, except hidden ones, virtual environments, ``node_modules`` and those behind links; what
    operating systems put beside files is ignored. Files there that mention no search are not parsed, unless they are
    queries themselves: they cannot hold one, and may be templates, dialects or large data.

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
                yield name, list(_find(name, Path(name).suffix, is_named=name == given))


def _walk(folder: str) -> Iterator[str | Unreadable]:
    failures: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=failures.append):
        folders[:] = sorted(name for name in folders if not _is_passed_over(here, name))
        readable = sorted(name for name in files if Path(name).suffix in _FINDERS and not is_litter(name))
        yield from (os.path.normpath(os.path.join(here, name)) for name in readable)
    yield from (Unreadable(str(failure.filename), failure.strerror or str(failure)) for failure in failures)


def _is_passed_over(here: str, name: str) -> bool:
    return (
        name.startswith(".")
        or is_litter(name)
        or name in _PASSED_OVER
        or os.path.exists(os.path.join(here, name, "pyvenv.cfg"))
    )


def read_query_file(name: str) -> str:
    """Return the query that a file holds, whatever its suffix, without the line ends behind it.

    Raises:
        SourceError: the file cannot be read.
    """
    [found] = _find(name, QUERY_SUFFIX, is_named=True)
    if not isinstance(found, FoundSearch):
        raise SourceError(str(found))
    return found.text.rstrip("\r\n")


def query_files(paths: Iterable[str]) -> Iterator[str | Unreadable]:
    """The files of queries below some paths, each once; what is named and has another suffix is unreadable."""
    seen: set[str] = set()
    for given in paths:
        for name in _walk(given) if os.path.isdir(given) else [given]:
            if isinstance(name, Unreadable):
                yield name
            elif Path(name).suffix != QUERY_SUFFIX:
                if name == given:
                    yield Unreadable(name, f"not a file of a query: those end in {QUERY_SUFFIX}")
            elif (real := os.path.realpath(name)) not in seen:
                seen.add(real)
                yield name


def _find(name: str, suffix: str, *, is_named: bool) -> Iterator[LintItem]:
    try:
        text = _read(name, suffix, is_named=is_named)
    except UnicodeDecodeError as error:
        yield Unreadable(name, f"not {error.encoding.upper()}: {error}")
    except (SyntaxError, LookupError) as error:  # an encoding that is not known
        yield Unreadable(name, str(error))
    except OSError as error:
        yield Unreadable(name, error.strerror or str(error))
    except ValueError as error:  # no name of a file, or no file to read
        yield Unreadable(name, str(error))
    else:
        if text is not None:
            yield from find_in_text(text, name, suffix)


def find_in_text(text: str, name: str, suffix: str | None = None) -> Iterator[LintItem]:
    """Find the searches in the text of a file, which a suffix says how to read: by default that of its name.

    The text of one cell of a notebook has the suffix `CELL_SUFFIX`.
    """
    source = Source(plain_line_ends(text), name)
    if suffix == CELL_SUFFIX:
        return find_in_cell_of_notebook(source)
    return _FINDERS[Path(name).suffix if suffix is None else suffix](source)


def _read(name: str, suffix: str, *, is_named: bool) -> str | None:
    """The text of a file; None where it cannot hold a search."""
    status = os.stat(name)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("not a regular file")  # reading a pipe might never end
    if suffix not in _FINDERS:
        raise ValueError(f"not a file that may hold searches: those end in {', '.join(_FINDERS)}")
    if not is_named and suffix != QUERY_SUFFIX and not _mentions_search(name):
        return None
    if status.st_size > _LARGEST_BYTES:
        raise ValueError(f"larger than {_LARGEST_BYTES >> 20} MiB")
    return decode(Path(name).read_bytes(), suffix)[0]


def _mentions_search(name: str) -> bool:
    """Whether the bytes of a file have one of the words, in any encoding that is read."""
    before = b""
    with open(name, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if _MENTION.search(before + chunk):
                return True
            before = chunk[-_LONGEST_MENTION_BYTES:]
    return False


def decode(data: bytes, suffix: str) -> tuple[str, bytes, str]:
    """Decode a file.

    Returns:
        Its text without a byte order mark, the mark, and the encoding: of Python, the one that it names.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    if suffix == ".py":
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0].removesuffix("-sig")
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    return data[len(mark) :].decode(encoding), mark, encoding
