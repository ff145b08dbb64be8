"""One test over many cases of data: a test of its own for each costs more than most of them take."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def for_each(cases: Iterable[Any], name: Callable[[Any], str] = str) -> Callable[[Callable[[Any], None]], Any]:
    """Run a test with each case, like `pytest.mark.parametrize` but as one test, which shows every case that fails.

    Args:
        cases: what the test is called with, one after another.
        name: the name of a case, for the report.

    Raises:
        BaseExceptionGroup: the failures, each with the name of its case.
        ValueError: there is no case, so that nothing was tested.
    """
    known = list(cases)

    def decorated(test: Callable[[Any], None]) -> Callable[[], None]:
        def run() -> None:
            if not known:
                raise ValueError("there is no case")
            failures: list[BaseException] = []
            for case in known:
                try:
                    test(case)
                except (Exception, pytest.fail.Exception) as failure:
                    failure.add_note(f"in the case {name(case)}")
                    failures.append(failure)
            if failures:
                raise BaseExceptionGroup(f"of {len(known)} cases", failures)

        run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
        return run

    return decorated
