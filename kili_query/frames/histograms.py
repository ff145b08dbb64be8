"""Compute how often each count occurs in a table of counts."""

from typing import Any, cast

import narwhals as nw
from narwhals.typing import IntoFrame

from kili_query.frames.frame_checks import conditions_on_floats, frame_of, require_counts
from kili_query.statistics import Histogram, Statistics
from kili_query.targets.column_names import FAULT, counter_of


def statistics_of(table: IntoFrame, *, prefix: str = "") -> Statistics:
    """Count the values of each counter in a table: for estimates, and to evaluate the most selective parts first.

    Args:
        table: a frame of counts of any library, as for `filter`. A lazy frame runs one query for each counter, which
            returns only how often each count occurs.
        prefix: the prefix of every count column.

    Raises:
        TypeError: the table is not a frame, or a count column does not hold numbers.

    >>> import polars as pl
    >>> statistics = statistics_of(pl.DataFrame({"id": ["a", "b", "c"], "J/A": [0, 3, None]}))
    >>> statistics.n_labels, statistics.histograms
    (2, {('J', 'A'): Histogram(values=(3,), labels=(1,))})
    """
    given, kinds = frame_of(table)
    frame = given.lazy()
    counters = {
        name: counter
        for name in kinds
        if name.startswith(prefix) and (counter := counter_of(name.removeprefix(prefix))) is not None
    }
    require_counts(list(counters), kinds)
    fault = prefix + FAULT
    known = [nw.col(fault).is_null()] if fault in kinds else [~nw.col(name).is_null() for name in counters]
    known += conditions_on_floats(list(counters), kinds)
    rows = frame.filter(*known) if known else frame
    histograms = {(one.job, one.category): _histogram(rows, name) for name, one in counters.items()}
    n_labels = rows.select(nw.len()).collect().item()
    return Statistics(int(n_labels), {pair: found for pair, found in histograms.items() if found.values})


def _histogram(frame: "nw.LazyFrame[Any]", name: str) -> Histogram:
    found = frame.group_by(nw.col(name).alias("value")).agg(nw.len().alias("labels")).collect()
    labels_by_count = cast("list[tuple[int, int]]", list(found.iter_rows()))
    return Histogram.of({int(value): int(labels) for value, labels in labels_by_count})
