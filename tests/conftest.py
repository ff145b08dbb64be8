"""What all tests share: how they are collected and spread, golden files, and the official client's validator."""

import gc
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.peers.official import OfficialValidator, official_validator

GOLDEN = Path(__file__).parent / "golden"
TOGETHER = {
    "spark": ("tests/spark/", "tests/test_documents.py", "tests/test_support_matrix.py"),
    "official clients": ("tests/peers/",),
}
"""Files that need what is slow to start, and to warm up."""

# Every run tries the same examples, and none fails because the machine is slow. The same ones find
# nothing new the second time: `make fuzz` looks for others, and `--hypothesis-profile=many` tries more here.
COMMON = {
    "derandomize": True,
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": set(Phase) - {Phase.explain},  # which traces each line of what failed: minutes, where it is slow
}
settings.register_profile("tests", max_examples=50, **COMMON)
settings.register_profile("many", max_examples=1_000, **COMMON)
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is rendered now into tests/golden and the documentation; then read the diff",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Make all that is imported and collected old at once, and look for garbage less often.

    None of it is garbage before the run ends. Going through it again and again takes much of the whole run. It is not
    left frozen, because `gc.get_freeze_count`, which our client calls for each list, counts all that is.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.unfreeze()
        gc.set_threshold(20_000)
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Look for garbage once: pytest goes through all objects five times, to show errors of finalizers."""
    gc.collect()
    gc.freeze()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Skip files without a test or an example, so that not every process imports them."""
    if collection_path.suffix != ".py" or collection_path.name.startswith(("test_", "conftest")):
        return None
    return None if b">>>" in collection_path.read_bytes() else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest tests first, so that all processes end at about the same time: Spark, then the cases."""
    items.sort(key=lambda item: ("spark" not in getattr(item, "fixturenames", ()), "test_cases.py" not in item.nodeid))


class Files(LoadFileScheduling):
    """Each file runs in one process, and files that belong together in the same."""

    def _split_scope(self, nodeid: str) -> str:
        groups = (name for name, files in TOGETHER.items() if nodeid.startswith(files))
        return next(groups, super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Files | None:
    return Files(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    """Escape half characters, which xdist cannot send: a test that fails with one would end the whole run."""
    return _sendable((yield))


def _sendable(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {key: _sendable(item) for key, item in value.items()}
        case list() | tuple():
            return type(value)(map(_sendable, value))
        case _:
            return value


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def golden(update_golden: bool) -> Callable[[str, str], None]:
    """``golden(name, text)``: the text is what the file ``tests/golden/<name>`` holds, but for its last line end."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update_golden:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8", newline="\n")
        assert path.exists(), f"no golden file {name}: run pytest --update-golden, then read what it wrote"
        assert text + "\n" == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def official() -> Iterator[OfficialValidator]:
    """The validator of the newest official client, one process for the whole session."""
    with official_validator() as validator:
        yield validator
