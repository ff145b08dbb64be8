"""What reading gives does not depend on what is installed: most tests run with and without msgspec.

Processes that share a file read it as others do, so only one of their tests does.
"""

import pytest

from kili_query.scanning import search

BOTH_WAYS = ("test_forms", "test_damage", "test_query", "test_the_same_as_one_process")
READ_ONCE = (
    "test_open_files_and_labels_in_memory",  # its parameters are open files
    "test_standard_input_of_a_process",  # in which nothing is replaced, as in the next
    "test_without_the_extra_zstd_says_how_to_get_it",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module, name = metafunc.module.__name__.rpartition(".")[2], metafunc.function.__name__
    if (module in BOTH_WAYS or name in BOTH_WAYS) and name not in READ_ONCE:
        metafunc.fixturenames.append("has_msgspec")
        metafunc.parametrize("has_msgspec", [True, False], indirect=True, ids=["msgspec", "no msgspec"])


@pytest.fixture
def has_msgspec(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr(search, "has_extra", lambda extra: extra != "fast")
