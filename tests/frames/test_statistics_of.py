"""Statistics of a table are those of its labels, in every library."""

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.frames import count_table, statistics_of
from tests import strategies
from tests.frames.test_filter import ALL, LABEL

pytestmark = pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")


@settings(max_examples=30)
@given(st.lists(LABEL, max_size=5), st.none() | strategies.ontologies())
def test_as_of_the_labels(contents: list[object], ontology: kq.Ontology | None) -> None:
    table = count_table([{"id": "a", "jsonResponse": content} for content in contents], ontology)
    assert statistics_of(table) == kq.Statistics.of_contents(contents, ontology=ontology)


@pytest.mark.parametrize("name", ALL)
def test_every_library(name: str) -> None:
    """Of three counters, because lazy libraries read each by itself."""
    jobs = {"J": {"content": {"categories": {"A": {}, "B": {}, "C": {}}}, "mlTask": "OBJECT_DETECTION"}}
    ontology = kq.Ontology.from_json_interface({"jobs": jobs})
    names = ["A" * (n % 3) + "B" * (n % 5) for n in range(40)]
    held = [{"J": {"annotations": [{"categories": [{"name": name}]} for name in one]}} for one in names]
    contents = [*held, None, {"J": 1}]
    table = count_table([{"id": "a", "jsonResponse": content} for content in contents], ontology)
    found = statistics_of(ALL[name](table))
    assert found == kq.Statistics.of_contents(contents, ontology=ontology)
    assert found.n_labels == 40
    assert {pair[1]: len(found.histograms[pair].labels_by_count) for pair in found.histograms} == {"A": 2, "B": 4}


def test_a_prefix_and_no_column_of_faults() -> None:
    frame = pl.DataFrame({"id": ["a", "b", "c", "d"], "J/B": [9, 9, 9, 9], "n_J/A": [2.0, 0.0, float("nan"), None]})
    assert statistics_of(frame, prefix="n_") == kq.Statistics.of_counts([{("J", "A"): 2}, {}])
    assert statistics_of(frame.select("id")) == kq.Statistics(4, {})


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a table must be a frame of polars.*, not `list`"):
        statistics_of([])  # type: ignore[type-var]  # that is the point
    with pytest.raises(TypeError, match="`J/A` must hold numbers, not `String`"):
        statistics_of(nw.from_native(pl.DataFrame({"J/A": ["2"]})).to_native())
