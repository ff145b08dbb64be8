"""Streams of labels, in constant memory.

A source is a path, ``-`` (standard input), an open file (binary or text), labels in memory, or a list of these. What a
file is, its first bytes say, never its name: NDJSON, a JSON array, JSON objects over many lines, any of them compressed
with gzip or zstd, or a zip of the official client's raw export; a folder is such an export unpacked. Labels come as
they are; from an asset's document its labels come, each with a ``labelOf`` that names the asset.

What reading decides:

- An empty file holds no labels. A missing file, or a folder or zip that is no raw export, is a `SourceError`, at once
  where that can be told at once. In a folder or zip the files read are ``data.json``, ``labels/**.json`` and
  ``labels*.ndjson``, perhaps below one folder; media and the rest are passed over.
- A broken line is reported with file and line, and reading goes on; so it does after a broken element of an array, up
  to where its brackets close. Text that ends early is reported the same way.
- Compressed data that ends early or is damaged is a `SourceError`, after all labels before have been given.
- A UTF-8 byte order mark, CRLF and blank lines are passed over; invalid UTF-8 breaks its line; UTF-16 is refused.
- ``NaN`` and ``Infinity`` are read, for the official client writes them; of a key given twice the last counts; an
  escaped lone surrogate is kept. Nesting of hundreds of levels is read; what is too deep or has a number of more than
  4300 digits is broken.
- A label without ``jsonResponse``, or where that is null or text that is not JSON, is unknown.

Memory is that of a chunk and the longest label. Two things are held longer: the names in one folder, and an element of
an array whose brackets never close, for nothing tells where it ends.
"""

from kili_query.scanning.labels import content_of
from kili_query.scanning.names import LabelNames
from kili_query.scanning.places import Fault, Place, Problem, Record
from kili_query.scanning.report import MAX_PROBLEMS, Report
from kili_query.scanning.search import OnProblem, Scan, scan, scan_matches
from kili_query.scanning.sources import ProgressCallback, Source, read_labels

__all__ = [
    "MAX_PROBLEMS",
    "Fault",
    "LabelNames",
    "OnProblem",
    "Place",
    "Problem",
    "ProgressCallback",
    "Record",
    "Report",
    "Scan",
    "Source",
    "content_of",
    "read_labels",
    "scan",
    "scan_matches",
]
