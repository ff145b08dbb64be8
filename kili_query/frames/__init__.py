"""Tables of counts: building them from labels, and filtering them with any library of frames."""

from kili_query._extras import load

for _module in ("filtering", "histograms", "table"):  # each says what to install, where something lacks
    load(f"kili_query.frames.{_module}", "`kili_query.frames`", "frames")

from kili_query.frames.filtering import filter  # noqa: A004, E402
from kili_query.frames.histograms import statistics_of  # noqa: E402
from kili_query.frames.table import count_table  # noqa: E402
from kili_query.targets.column_names import column_name, counter_of  # noqa: E402
from kili_query.targets.columns import to_narwhals  # noqa: E402

__all__ = ["column_name", "count_table", "counter_of", "filter", "statistics_of", "to_narwhals"]
