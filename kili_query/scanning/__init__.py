"""Streams of labels, in constant memory.

A source is a path, ``-`` (standard input), an open file (binary or text), labels in memory, a dataset of another tool
(see `kili_query.datasets`; it is recognized by what its files hold), or a list of these. The
format of a file is detected from its first bytes, never from its name: NDJSON, a JSON array, JSON objects over many
lines, any of them compressed with gzip or zstd, or a zip of the official client's raw export; a folder is such an
export unpacked. Labels are returned as they are; an asset's document yields its labels, each with a ``labelOf`` that
names the asset.

Rules of reading:

- An empty file holds no labels. A missing file, or a folder or zip that is not a raw export, is a `SourceError`, raised
  at once where that can be known at once. In a folder or zip the files read are ``data.json``, ``labels/**.json`` and
  ``labels*.ndjson``, perhaps below one folder; media and other files are ignored.
- A broken line is reported with file and line, and reading goes on; so it does after a broken element of an array, up
  to where its brackets close. Text that ends early is reported the same way.
- Compressed data that ends early or is damaged is a `SourceError`, after all labels before that point.
- A UTF-8 byte order mark, CRLF and blank lines are ignored; invalid UTF-8 breaks its line; UTF-16 is rejected.
- ``NaN`` and ``Infinity`` are read, because the official client writes them; of a duplicate key the last counts; an
  escaped lone surrogate is kept. Nesting of hundreds of levels is read; what is too deep or has a number of more than
  4300 digits is broken.
- A label without ``jsonResponse``, or where that is null or text that is not JSON, is unknown.

Memory is that of a chunk and the longest label. Two things are held longer: the names in one folder, and an element of
an array whose brackets never close, because nothing shows where it ends.
"""

from kili_query.counting.label import content_of
from kili_query.places import Place, Problem, ProblemKind, Record
from kili_query.scanning.judging import Judged
from kili_query.scanning.report import MAX_PROBLEMS, LabelNames, Report
from kili_query.scanning.search import Judgements, OnProblem, Scan, judge_labels, scan
from kili_query.scanning.sources import LabelSource, ProgressCallback, read_labels

__all__ = [
    "MAX_PROBLEMS",
    "Judged",
    "Judgements",
    "LabelNames",
    "LabelSource",
    "OnProblem",
    "Place",
    "Problem",
    "ProblemKind",
    "ProgressCallback",
    "Record",
    "Report",
    "Scan",
    "content_of",
    "judge_labels",
    "read_labels",
    "scan",
]
