"""Exports: write labels and their assets to files that other programs read.

`write` does everything that formats have in common: it checks options, reads and joins labels and assets in constant
memory, filters, fetches media, names files, and writes the archive. A format is a module in ``formats`` with a
constant `Format`, and a line in the table there. The constant declares what the format supports; its ``open`` returns a
`FormatWriter`. ``asset`` takes one `Asset` after another and returns the files of each; ``close`` returns those that
need all assets. The writer uses an `Export`: the project, the options, the jobs that fit, ``annotations`` (checked,
and with their shapes), a temporary file (``spool``), and one place to report problems (``reject``).

Writers take file names from the asset (``name``, ``file_stem``, ``frame_name``) and the export (``folders``), never
from an external id or a job, because only the former are safe to unpack and unique on every file system.
``manifest.json`` in the archive lists the names that had to change.
"""

# ruff: noqa: E402
from kili_query.extras import load

load("kili_query.export.decoding", "`kili_query.export`", "export")  # its error names the extra

from kili_query.export.asset import Asset, ExportedLabel, Media, WritableAnnotation
from kili_query.export.context import Export
from kili_query.export.errors import (
    DownloadError,
    NoCompatibleJobError,
    NotCompatibleInputType,
    NotCompatibleOptions,
    NotExportableAssetError,
    NotExportableLabelError,
    UnknownChoiceError,
)
from kili_query.export.format import Entry, Format, FormatWriter
from kili_query.export.formats import FORMATS, format_named
from kili_query.export.media import Fetch, Fetched
from kili_query.export.options import AnnotationModifier, Layout, OnError, Options
from kili_query.export.project import Project
from kili_query.export.summary import ExportSummary, Skipped
from kili_query.export.writing import write
from kili_query.labels.structure import Frame
from kili_query.protocol import ExportType

__all__ = [
    "FORMATS",
    "AnnotationModifier",
    "Asset",
    "DownloadError",
    "Entry",
    "Export",
    "ExportSummary",
    "ExportType",
    "ExportedLabel",
    "Fetch",
    "Fetched",
    "Format",
    "FormatWriter",
    "Frame",
    "Layout",
    "Media",
    "NoCompatibleJobError",
    "NotCompatibleInputType",
    "NotCompatibleOptions",
    "NotExportableAssetError",
    "NotExportableLabelError",
    "OnError",
    "Options",
    "Project",
    "Skipped",
    "UnknownChoiceError",
    "WritableAnnotation",
    "format_named",
    "write",
]
