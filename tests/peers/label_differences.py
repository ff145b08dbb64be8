"""In which calls our client differs from the official one, and where ``docs/differences.md`` says so."""

import re
from collections.abc import Callable, Collection

from attrs import frozen

from tests.peers.official import LATEST, OLD

__all__ = ["DIFFERENCES", "Difference"]


@frozen
class Difference:
    """A difference that is meant: each call that it names differs in each of its aspects.

    Attributes:
        anchor: of the heading in ``docs/differences.md``.
        calls: a pattern of ``section/name``, which all of it has to match.
        aspects: in what they differ: ``result``, ``error``, ``warnings``, ``writes``, ``filters``.
        versions: of the official client.
        but_for: makes of both results what is equal, where that can be told.
    """

    anchor: str
    calls: str
    aspects: Collection[str] = ("result", "error")
    versions: Collection[str] = (OLD, LATEST)
    but_for: Callable[[object], object] | None = None

    def is_of(self, section: str, version: str, name: str) -> bool:
        """Whether it names a call."""
        return version in self.versions and re.fullmatch(self.calls, f"{section}/{name}", re.DOTALL) is not None


def _without_extras(value: object) -> object:
    """A result without what was fetched for the client's own use, and given as well."""
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if key not in ("content", "jsonContent", "resolution")}
        return {key: _without_extras(one) for key, one in kept.items() if key != "jsonResponseUrl" or one is not None}
    return [_without_extras(one) for one in value] if isinstance(value, list) else value


def _first_twelve(value: object) -> object:
    assert isinstance(value, list)
    return value[:12]


def _without_empty_frames(value: object) -> object:
    if isinstance(value, dict):
        cleaned = {key: _without_empty_frames(one) for key, one in value.items()}
        return {key: one for key, one in cleaned.items() if one != {} or not key.isdigit()}
    return [_without_empty_frames(one) for one in value] if isinstance(value, list) else value


def _without_empty_frames_of_twelve(value: object) -> object:
    return _without_empty_frames(_first_twelve(value))


def _without_label_type(value: object) -> object:
    assert isinstance(value, list)
    return [{key: one for key, one in row.items() if key != "labelType"} for row in value]


def _without_content(value: object) -> object:
    assert isinstance(value, list)
    return [{key: one for key, one in row.items() if key != "jsonResponse"} for row in value]


def _without_urls(value: object) -> object:
    assert isinstance(value, list)
    return [{key: one for key, one in row.items() if key != "jsonResponseUrl"} for row in value]


def _rows_alone(value: object) -> object:
    """The rows of a frame, whose columns come in any order."""
    assert isinstance(value, dict)
    return value["rows"]


_SEARCH = "reading/(count_labels|labels): search "
_CAR = r"OBJECTS\.CAR\.count"

DIFFERENCES = (
    Difference("names-are-checked", f"{_SEARCH}'(OBJECTS.PLANE|NO_SUCH).*"),
    Difference("the-extended-language", f"{_SEARCH}'({_CAR} > 1 and .*|NOT .*|{_CAR} != 1|0 < {_CAR})'"),
    Difference("an-empty-search-is-an-error", f"{_SEARCH}''"),
    Difference("a-keyword-needs-a-word-boundary", f"{_SEARCH}'{_CAR} > 0OR.*", ("error",)),
    Difference(
        "searches-that-match-nothing-or-everything",
        f"{_SEARCH}'{_CAR} (< 0|> 0 AND {_CAR} < 1|== 1.5|> 1e400|> -1)'|reading/(count_labels|labels): all at once",
        ("filters",),
    ),
    Difference("positions-of-arguments", "reading/labels: by position", ("result", "error"), (LATEST,)),
    Difference("fewer-requests", "shapes/labels: part {'first': 0}", ("filters",)),
    Difference(
        "projects-that-do-not-exist",
        "shapes/(count_labels|labels|predictions|inferences): wrong project"
        "|writing/export_labels_as_df: unknown project",
        ("result", "error"),
    ),
    Difference("no-negative-numbers", "shapes/labels: part {'first': -1}"),
    Difference("no-negative-numbers", "shapes/labels: part {'skip': -1}", ("error",)),
    Difference(
        "fields-that-contradict-each-other", "shapes/labels: fields: (an object and what is in it|none)", ("error",)
    ),
    Difference(
        "fragments-are-kept",
        "shapes/labels: fields: a fragment beside nested ones",
        ("result",),
        but_for=_without_label_type,
    ),
    Difference(
        "only-what-was-asked-for",
        "(shapes|video)/(labels|predictions|inferences): (default fields|a part|parsed|parsed generator)"
        "|shapes/(labels|predictions|inferences): (fields: content alone)"
        "|(shapes|video|elsewhere)/assets: (default fields|nested|latest label|parsed|contents)"
        "|broken/labels: (good|list|null)|writing/labels: read back",
        ("result",),
        (LATEST,),
        _without_extras,
    ),
    Difference(
        "never-more-than-first",
        "shapes/assets: (default fields|latest label|first|parsed)",
        ("result",),
        (OLD,),
        _first_twelve,
    ),
    Difference(
        "video-contents-are-unchanged",
        "video/labels: (default fields|a part|parsed)",
        ("result",),
        (OLD,),
        _without_empty_frames,
    ),
    Difference(
        "video-contents-are-unchanged", "video/assets: contents", ("result",), (OLD,), _without_empty_frames_of_twelve
    ),
    Difference("contents-that-cannot-be-read", "broken/labels: broken"),
    Difference(
        "empty-contents",
        "broken/labels: empty",
        ("result",),
        but_for=lambda rows: _without_urls(_without_content(rows)),
    ),
    Difference("contents-at-urls", "elsewhere/.*: (contents|parsed)", ("result",), (OLD,)),
    Difference("contents-at-urls", "elsewhere/labels: contents and URLs", ("result",), (LATEST,), _without_urls),
    Difference(
        "wrong-kinds-of-arguments",
        r"shapes/\w+: (wrong (project kind|asset_id|author_in|author_in items|created_at kind|honeypot_mark|status"
        r"|search|first|skip|skip None)|fields as a text|unknown output)"
        r"|writing/\w+: (unknown type|a text for .*|a number for an id|fractions of seconds|None for a content"
        r"|a bare dict for contents|a set|a text)",
        ("error",),
    ),
    Difference("unknown-filters-of-assets", "shapes/assets: unknown filter", ("error",)),
    Difference("numbers-that-json-cannot-hold", "writing/append_labels: NaN", ("error", "writes")),
    Difference("empty-ids", "writing/delete_labels: an empty id", ("error", "writes")),
    Difference("tuples-are-accepted-as-lists", "writing/delete_labels: no tuple", ("warnings",)),
    Difference(
        "tuples-are-accepted-as-lists", "otherwise/append_labels: a tuple of ids", ("result", "error", "writes")
    ),
    Difference(
        "an-external-id-shared-by-several-assets",
        "otherwise/append_labels: .* two assets",
        ("result", "error", "writes"),
    ),
    Difference(
        "contents-can-be-emptied", "otherwise/update_properties_in_label: an empty content", ("writes",), (OLD,)
    ),
    Difference("contents-can-be-emptied", "otherwise/labels: read back", ("result",), (OLD,), _without_content),
    Difference(
        "updates-without-changes",
        "otherwise/update_properties_in_label: nothing",
        ("result", "error", "writes"),
        (OLD,),
    ),
    Difference(
        "columns-of-data-frames",
        "writing/export_labels_as_df: fields",
        ("result",),
        (OLD,),
        _rows_alone,
    ),
)
