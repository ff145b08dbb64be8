"""Drift: what changed between two ontologies, and what queries mean by each."""

from pathlib import Path
from typing import Any

import pytest

from kili_query.cache import LabelCache
from kili_query.cache.drift import OntologyPair, QueryDrift
from kili_query.errors import CacheError
from kili_query.ontology import Ontology


def job(task: str = "OBJECT_DETECTION", /, text: str = "Find", **categories: str | tuple[str, ...]) -> dict[str, Any]:
    """A job; a category is its display name, or that and the names of its child jobs."""
    named = {
        key: {"name": one} if isinstance(one, str) else {"name": one[0], "children": list(one[1:])}
        for key, one in categories.items()
    }
    return {"mlTask": task, "instruction": text, "content": {"categories": named, "input": "radio"}}


def ontology(**jobs: dict[str, Any]) -> Ontology:
    return Ontology.from_json_interface({"jobs": jobs})


def child(found: dict[str, Any]) -> dict[str, Any]:
    return found | {"isChild": True}


def pair(old: dict[str, Any], new: dict[str, Any]) -> OntologyPair:
    """One job `J`, as it was and as it is."""
    return OntologyPair.of(ontology(J=old), ontology(J=new))


class TestChanges:
    @pytest.mark.parametrize(
        ("old", "new", "changes"),
        [
            (job(A="a"), job(A="a"), []),
            (job(A="a", B="b"), job(B="b", A="a"), []),
            (job(A="a"), job(A="a", B="b"), ["J.B appeared"]),
            (job(A="a", B="b"), job(A="a"), ["J.B vanished"]),
            (job(A="a"), job(A="x"), ["J.A renamed: its display name was `a` and is now `x`"]),
            (job(A="a"), job(X="a"), ["J.A renamed: its key was `A` and is now `X`"]),
            (job(A="a", B="a"), job(X="a", Y="a"), ["J.A vanished", "J.B vanished", "J.X appeared", "J.Y appeared"]),
            (job(A="a"), job(A="b", X="a"), ["J.A renamed: its display name was `a` and is now `b`", "J.X appeared"]),
            (
                job(text="one", A="a"),
                job(text="two", A="a"),
                ["J renamed: its display name was `one` and is now `two`"],
            ),
            (
                job("CLASSIFICATION", A="a"),
                job("OBJECT_DETECTION", X="a"),
                [
                    "J changed: its task was `CLASSIFICATION` and is now `OBJECT_DETECTION`",
                    "J.A vanished",
                    "J.X appeared",
                ],
            ),
        ],
    )
    def test_categories(self, old: dict[str, Any], new: dict[str, Any], changes: list[str]) -> None:
        assert [str(one) for one in pair(old, new).changes()] == changes

    def test_a_renamed_job_and_its_renamed_category(self) -> None:
        found = OntologyPair.of(ontology(J=job(A="a", B="b")), ontology(K=job(A="a", X="b")))
        assert [str(one) for one in found.changes()] == [
            "J renamed: its key was `J` and is now `K`",
            "J.B renamed: its key was `B` and is now `X`",
        ]

    @pytest.mark.parametrize("new", [job(text="Other", A="a"), job("CLASSIFICATION", A="a"), job(Z="z")])
    def test_a_job_that_may_be_another_one(self, new: dict[str, Any]) -> None:
        found = OntologyPair.of(ontology(J=job(A="a")), ontology(K=new))
        assert [str(one) for one in found.changes()] == ["J vanished", "K appeared"]

    def test_parents(self) -> None:
        color = child(job("CLASSIFICATION", "Color", RED="red"))
        old = ontology(J=job(A=("a", "C"), B="b"), C=color)
        moved = ontology(J=job(A="a", B=("b", "C")), C=color)
        renamed = ontology(J=job(X=("a", "C"), B="b"), C=color)
        assert [str(one) for one in OntologyPair.of(old, moved).changes()] == [
            "C changed: its parents were `J.A` and are now `J.B`"
        ]
        assert [str(one) for one in OntologyPair.of(old, renamed).changes()] == [
            "J.A renamed: its key was `A` and is now `X`"
        ]


class TestQueries:
    @pytest.mark.parametrize(
        ("old", "new", "text", "kind", "rewritten"),
        [
            (job(A="a"), job(A="a", B="b"), "J.A", "same", None),
            (job(A="a", B="b"), job(B="b", A="a"), "J.*.count > 2", "same", None),
            (job(A="a", B="b"), job(B="b"), "J.A.count > 2", "invalid", None),
            (job(A="a"), job(A="a", B="b"), "J.*.count > 2", "different", None),
            (job(A="a"), job(A="a", B="b"), "J.B", "valid_now", None),
            (job(A="a"), job(B="b"), "J.X", "invalid_in_both", None),
            (job(A="a"), job(B="b"), "J..A", "not_a_query", None),
            # a rename is followed, in place
            (job(A="a"), job(X="a"), "J.A.count>2 # why", "invalid", "J.X.count>2 # why"),
            (
                job(A="a"),
                job(X="a"),
                "NOT J.A\n  or J.A.count in {2, 3}",
                "invalid",
                "NOT J.X\n  or J.X.count in {2, 3}",
            ),
            (job(A="a"), job(**{"not": "a"}), "J.A", "invalid", 'J."not"'),
            (job(A="a"), job(count="a"), "J.A", "invalid", 'J."count"'),
            (job(A="a", B="b"), job(X="a"), "J.A OR J.B", "invalid", None),
            # display names
            (job(A="a"), job(A="b"), 'J."a"', "invalid", "J.A"),
            (job(A="a", B="b"), job(A="b", B="a"), 'J."a"', "different", "J.A"),
            (job(A="a", B="b"), job(A="b", B="a"), 'J."a".count > J."b".count', "different", "J.A.count > J.B.count"),
            (job(A="a"), job(X="a"), 'J."a"', "different", None),  # it follows the rename by itself
            # the kind of a job decides what labels can hold
            (job(A="a"), job("CLASSIFICATION", A="a"), "J.A.count > 2", "constant", None),
            (job("CLASSIFICATION", A="a"), job(A="a"), "J.A.count > 2", "different", None),
            (job(A="a"), job("CLASSIFICATION", A="a"), "J.A", "same", None),
        ],
    )
    def test_what_became_of_it(
        self, old: dict[str, Any], new: dict[str, Any], text: str, kind: str, rewritten: str | None
    ) -> None:
        found = pair(old, new).drift_of(text)
        assert (found.kind, found.rewritten) == (kind, rewritten), found
        assert bool(found.reasons) == (kind != "same")

    def test_names_in_brackets_and_of_jobs(self) -> None:
        def whole(name: str, **categories: str) -> Ontology:
            return ontology(J=job(A=("a", name), B="b"), **{name: child(job("CLASSIFICATION", "Color", **categories))})

        found = OntologyPair.of(whole("C", RED="red"), whole("COLOR", ROUGE="red"))
        assert found.drift_of("J.A[C.RED].count > 1").rewritten == "J.A[COLOR.ROUGE].count > 1"
        assert found.drift_of("C.*.count > 1").rewritten == "COLOR.*.count > 1"

    def test_a_reason_says_what_is_wrong_and_what_is_near(self) -> None:
        (reason,) = pair(job(PERSON="a"), job(PERSONS="b")).drift_of("J.PERSON").reasons
        assert reason == "unknown category `PERSON` in job `J`; did you mean `PERSONS`?"
        (reason,) = pair(job(A="a"), job(A="a", B="b")).drift_of("J.*.count > 2").reasons
        assert reason == "it now counts `J.B`"


def label(label_id: str, *categories: str) -> dict[str, Any]:
    return {
        "id": label_id,
        "jsonResponse": {"J": {"annotations": [{"categories": [{"name": it}]} for it in categories]}},
    }


class TestCache:
    @pytest.fixture
    def cache(self, tmp_path: Path) -> LabelCache:
        """First no ontology, then two, each with its labels in one version."""
        cache = LabelCache(tmp_path / "cache")
        cache.load([label("a", "A")])
        cache.load([label("b", "A", "B")], ontology=ontology(J=job(A="a", B="b")))
        cache.load([label("c", "X"), label("b", "B")], ontology=ontology(J=job(X="a", B="b")))
        return cache

    def test_the_oldest_ontology_against_the_newest(self, cache: LabelCache) -> None:
        found = cache.drift(queries=["J.A.count > 0", "J.B", "J.*.count >= 1"])
        numbers = [one.number for one in cache.versions]
        assert cache.at(found.before).ontology is not None
        assert found.before > numbers[0]
        assert (found.after, [str(one) for one in found.changes]) == (
            numbers[-1],
            ["J.A renamed: its key was `A` and is now `X`"],
        )
        renamed, same, pattern = found.queries
        assert (renamed.rewritten, renamed.entered, renamed.left) == ("J.X.count > 0", 1, 2)
        assert same == QueryDrift("J.B", "same")
        assert pattern.kind == "different"
        assert found.changed_queries == (renamed, pattern)

    def test_versions_by_number_and_time(self, cache: LabelCache) -> None:
        last = cache.versions[-1]
        found = cache.drift(last.number, last.written, ["J.A"])
        assert (found.before, found.after, found.changes, found.queries[0].kind) == (
            last.number,
            last.number,
            (),
            "invalid_in_both",
        )

    def test_no_ontology(self, cache: LabelCache, tmp_path: Path) -> None:
        with pytest.raises(CacheError, match=r"version 0 of .* has no ontology: there is nothing to compare"):
            cache.drift(0)
        other = LabelCache(tmp_path / "other")
        with pytest.raises(CacheError, match="is empty: there are no versions to compare"):
            other.drift()
        other.load([label("a", "A")])
        with pytest.raises(CacheError, match="has no ontology"):
            other.drift()
