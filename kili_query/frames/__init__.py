"""Tables of counts: build them from labels, and filter them with any data frame library."""

from kili_query.extras import load

for _module in ("filtering", "histograms", "table"):  # its error names the missing extra
    load(f"kili_query.frames.{_module}", "`kili_query.frames`", "frames")

from kili_query.frames.filtering import filter  # noqa: A004, E402
from kili_query.frames.histograms import statistics_of  # noqa: E402
from kili_query.frames.table import count_table  # noqa: E402
from kili_query.targets.column_names import column_name, counter_of  # noqa: E402
from kili_query.targets.columns import to_narwhals  # noqa: E402

__all__ = ["column_name", "count_table", "counter_of", "filter", "statistics_of", "to_narwhals"]
