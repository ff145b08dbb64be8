"""``docs/methods.md`` names each label method of both releases of the official client, and says what ours has."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path

import pytest
from attrs import frozen

from kili_query.client import KiliClient
from kili_query.client.testing import FakeService
from kili_query.errors import ArgumentError
from kili_query.protocol.filters import FORMER_NAMES
from kili_query.sandbox import Sandbox
from tests.cli.running import DEMO
from tests.peers.official import LATEST, OLD, SCRIPTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods.md"
CLIENTS: Mapping[str, tuple[str, ...]] = {
    OLD: ("kili.client:Kili",),
    LATEST: ("kili.client:Kili", "kili.client_domain:Kili"),
}
INTERNAL = ("graphql_client", "http_client", "internal", "kili_api_gateway", "legacy_client")
ABOUT_LABELS = re.compile(
    r"label(?!er|ing)|prediction|inference|honeypot|export|events|llm\.(?!.*model)|^(count_)?assets$|^assets\.(list|count)"
)
"""Methods about labels by their names; labelers and steps of labeling are about people and workflows."""


@frozen
class Line:
    """A line of the table."""

    method: str
    releases: tuple[str, ...]
    here: str
    reason: str


def lines() -> Iterator[Line]:
    for text in PAGE.read_text(encoding="utf-8").splitlines():
        found = re.fullmatch(r"\| `([\w.]+)` \| (yes|no) \| (yes|no) \| (\w+) \| (.*?) ?\|", text)
        if found is not None:
            releases = tuple(name for name, told in zip((OLD, LATEST), found.group(2, 3), strict=True) if told == "yes")
            yield Line(found[1], releases, found[4], found[5])


TABLE = {line.method: line for line in lines()}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(project=DEMO / "project.json") as box:
        yield box


@pytest.fixture(scope="module")
def public(box: Sandbox) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The arguments of each public method, by release."""
    return {
        release: {name: given for client in clients for name, given in methods_of(release, client, box).items()}
        for release, clients in CLIENTS.items()
    }


def methods_of(release: str, client: str, box: Sandbox) -> Mapping[str, Sequence[str]]:
    found = SCRIPTS.run(release, "public_methods.py", None, arguments=[client, box.endpoint, box.api_key])
    return {name: given for name, given in found.items() if name.partition(".")[0] not in INTERNAL}


@pytest.mark.parametrize("release", CLIENTS)
def test_each_method_of_a_release(release: str, public: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    about_labels = {name for name in public[release] if ABOUT_LABELS.search(name)}
    assert {line.method for line in TABLE.values() if release in line.releases} == about_labels


@pytest.mark.parametrize("release", CLIENTS)
def test_each_argument_of_a_release(release: str, public: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    client = KiliClient(transport=FakeService({}))
    lacking = {
        (line.method, name)
        for line in TABLE.values()
        if release in line.releases and line.here != "absent"
        for name in public[release][line.method]
        if name not in inspect.signature(attrgetter(line.method)(client)).parameters
    }
    deprecated = {(method, name): current for method, name in lacking if (current := current_name(name)) != name}
    assert sorted(lacking - deprecated.keys()) == []
    for (method, name), current in deprecated.items():
        with pytest.raises(ArgumentError, match=f"`{name}`: did you mean `{current}`"):
            attrgetter(method)(client)("p", **{name: None})
    assert len(deprecated) == (22 if release == OLD else 0)


def current_name(name: str) -> str:
    """The name of a filter that the older release deprecates under another name; other names stay."""
    return FORMER_NAMES.get(name) or re.sub("_(gt|lt)$", r"_\1e", name)


def test_what_ours_has() -> None:
    client = KiliClient(transport=FakeService({}))
    for line in TABLE.values():
        try:
            is_here = callable(attrgetter(line.method)(client))
        except AttributeError:
            is_here = False
        assert line.here in ("same", "better", "absent"), line
        assert is_here == (line.here != "absent"), line
        assert line.reason or line.here == "same", line


def test_reasons_refer_to_methods_of_the_table() -> None:
    for line in TABLE.values():
        for name in re.findall(r"as `([\w.]+)`", line.reason):
            assert TABLE[name].here == line.here
