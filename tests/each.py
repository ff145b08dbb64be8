"""One test over many cases of data: a test of its own for each costs more than most of them take."""

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest


def for_each(cases: Iterable[Any], name: Callable[[Any], str] = ascii) -> Callable[[Callable[..., None]], Any]:
    """Run a test with each case, like `pytest.mark.parametrize` but as one test, which shows every case that fails.

    Args:
        cases: what the test is called with, one after another: its first argument. The others are fixtures, which all
            cases share; but for ``tmp_path``, of which each case has a folder of its own.
        name: the name of a case, for the report, which takes the beginning of it.

    Raises:
        BaseExceptionGroup: the failures, each with the name of its case.
        pytest.skip.Exception: a case was skipped, and none failed.
        ValueError: there is no case, so that nothing was tested.
    """
    known = list(cases)

    def decorated(test: Callable[..., None]) -> Callable[..., None]:
        parameters = list(inspect.signature(test).parameters.values())
        at = 1 if parameters[0].name == "self" else 0

        def run(*owner: object, **fixtures: object) -> None:
            if not known:
                raise ValueError("there is no case")
            failures: list[BaseException] = []
            skipped: list[BaseException] = []
            for index, case in enumerate(known):
                try:
                    test(*owner, case, **_own(fixtures, index))
                except pytest.skip.Exception as reason:
                    skipped.append(reason)
                except (Exception, pytest.fail.Exception) as failure:
                    failure.add_note(f"in the case {index}: {_shown(case, name)}")
                    failures.append(failure)
            if failures:
                raise BaseExceptionGroup(f"of {len(known)} cases", failures)
            if skipped:
                raise skipped[0]

        run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
        run.__signature__ = inspect.Signature(parameters[:at] + parameters[at + 1 :])  # type: ignore[attr-defined]
        return run

    return decorated


def _shown(case: object, name: Callable[[Any], str]) -> str:
    try:
        return name(case)[:200]
    except RecursionError:
        return "nested too deeply to be shown"


def _own(fixtures: dict[str, Any], index: int) -> dict[str, Any]:
    """The fixtures of a case, with an empty folder."""
    folder: Path | None = fixtures.get("tmp_path")
    if folder is None:
        return fixtures
    own = folder / str(index)
    own.mkdir()
    return {**fixtures, "tmp_path": own}
