"""The page that runs Python itself, in a worker of the browser: what JavaScript calls there.

Texts are JSON, because proxies of objects would have to be destroyed by hand.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from attrs import define, evolve

from kili_query.errors import KiliQueryError, MissingExtraError, SourceError
from kili_query.page.calls import error_answer
from kili_query.page.messages import reply
from kili_query.page.plain import PlainSource
from kili_query.page.reading import ASSETS, PROJECT, source_in_memory
from kili_query.page.source import PageSource
from kili_query.places import Problem

_SAMPLE = Path(__file__).resolve().parents[1] / "demo" / "labels.ndjson"
_SAMPLE_TITLE = "Sample: photos of the street and of homes"


@define
class Playground:
    """The labels that are open, which are those of the sample at first.

    >>> playground = Playground.of_sample()
    >>> text, _ = playground.reply('{"id": 1, "call": "run", "request": {"query": "OBJECTS.PERSON.count >= 3"}}')
    >>> json.loads(text)["answer"]["matched"]
    7
    """

    source: PageSource

    @classmethod
    def of_sample(cls) -> "Playground":
        """Open the sample that the package brings."""
        source = _opened(_SAMPLE, _SAMPLE.parents[2])
        source.title = _SAMPLE_TITLE
        return cls(source)

    def open_sample(self) -> None:
        """Show the sample again."""
        self.source = self.of_sample().source

    def open(self, folder: str, names: Sequence[str]) -> str:
        """Show files of the user in place of what is open; return an error as JSON, or an empty text.

        Args:
            folder: where they are.
            names: their paths in it.
        """
        try:
            self.source = _opened(_chosen(Path(folder), names), Path(folder))
        except MissingExtraError as error:
            return json.dumps(
                error_answer(
                    f"{error.feature} cannot be read in the browser, because a package is missing there",
                    f"`kili-query open` shows them on your machine: pip install 'kili-query[page,{error.extra}]'",
                )
            )
        except KiliQueryError as error:
            said = str(error).replace(f"{folder}/", "").replace(f"`{folder}`", "what was opened")
            return json.dumps(error_answer(said))
        return ""

    def reply(self, message: str) -> tuple[str, bytes | None]:
        """Return the answer to a message, and the bytes of an image if that was asked for."""
        answer, data = reply(self.source, json.loads(message))
        return json.dumps(answer), data


def _chosen(folder: Path, names: Sequence[str]) -> Path:
    """Return what to open: the one file beside what describes it, or the folder that holds all files."""
    first, *more = [name for name in names if name not in (PROJECT, ASSETS)] or names
    return folder / (os.path.commonpath([first, *more]) if more else first)


def _opened(path: Path, root: Path) -> PlainSource:
    """Open labels; queries to copy and places name files as a person would who is in the folder that holds them."""
    source = source_in_memory(path)
    if not source.n_labels:
        raise SourceError(f"`{source.title}` holds no labels")
    source.broken_records.first[:] = [_beside(one, root) for one in source.broken_records.first]
    origin = source.origin
    shown = [None if one is None else os.path.relpath(one, root) for one in (origin.path, origin.ontology)]
    source.origin = evolve(origin, path=shown[0], ontology=shown[1])
    return source


def _beside(problem: Problem, root: Path) -> Problem:
    """Name the file of a problem as seen from a folder."""
    return problem._replace(place=problem.place._replace(file=os.path.relpath(problem.place.file, root)))
