"""How much is measured; environment variables make it less for a quick look, or more."""

import os

__all__ = ["FILE_LABELS", "TABLE_LABELS"]

FILE_LABELS = int(os.environ.get("KILI_QUERY_BENCH_LABELS", "20000"))
"""In the file that is scanned, of some 8 kilobytes each; in that for two workers it is three times as many."""

TABLE_LABELS = int(os.environ.get("KILI_QUERY_BENCH_ROWS", "1000000"))
"""In the table of counts that is filtered, and on Spark."""
