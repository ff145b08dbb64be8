"""The format ``parquet``: one row per label with its counts, for engines that read tables.

The columns are the metadata of `kili_query.frames.count_table`, then ``jsonResponse`` as JSON text, then one column of
counts for each counter, int32, named ``JOB/CATEGORY`` as everywhere: first the counters of the interface, in its order,
then other counters in labels, by name. They are only known at the end, so rows are kept in a temporary file, and only
one group of them is in memory.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeAlias, cast

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve

from kili_query.counting import count
from kili_query.counting.label import CONTENT
from kili_query.export.asset import Asset, ExportedLabel
from kili_query.export.context import Export
from kili_query.export.format import Entry
from kili_query.export.formats.jsonl import JSONL
from kili_query.export.formats.kili import dump
from kili_query.labels.columns import FIELDS, Metadata, metadata_of
from kili_query.targets.column_names import column_name

_GROUP_ROWS = 4096

Row: TypeAlias = tuple[Metadata, str, list[tuple[str, str, int]]]


class _ParquetWriter:
    """Gathers rows, and writes them once all columns are known."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._rows = export.spool()
        self._counters = dict.fromkeys(export.project.ontology.pairs())

    def asset(self, asset: Asset) -> Iterable[Entry]:
        rows = [self._row(asset, label) for label in asset.labels]
        for metadata, response, counts in rows:
            self._counters.update(((job, category), None) for job, category, _ in counts)
            self._rows.write(json.dumps([metadata, response, counts]).encode() + b"\n")
        return ()

    def close(self) -> Iterable[Entry]:
        declared = list(self._export.project.ontology.pairs())
        counters = [*declared, *sorted(set(self._counters) - set(declared))]
        schema = pa.schema(
            {**FIELDS, "jsonResponse": pa.string()} | {column_name(*one): pa.int32() for one in counters}
        )
        with tempfile.NamedTemporaryFile(dir=self._export.scratch, suffix=".parquet", delete=False) as file:
            path = Path(file.name)
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for group in self._groups():
                writer.write_table(_table(group, counters, schema))
        return [Entry("", path)]

    def _row(self, asset: Asset, label: ExportedLabel) -> Row:
        with label.named_in_errors(CONTENT):
            counts = count(label.response, ontology=self._export.project.ontology)
            text = dump(label.response)
        with label.named_in_errors():
            metadata = metadata_of({**label.document, "labelOf": asset.document})
        return metadata, text, [(job, category, number) for (job, category), number in counts.items()]

    def _groups(self) -> Iterator[list[Row]]:
        self._rows.seek(0)
        with self._rows as lines:
            while group := [cast("Row", json.loads(line)) for line in islice(lines, _GROUP_ROWS)]:
                yield group


def _table(group: list[Row], counters: list[tuple[str, str]], schema: pa.Schema) -> pa.Table:
    columns: list[list[object]] = [list(column) for column in zip(*(row[0] for row in group), strict=True)]
    columns.append([row[1] for row in group])
    counts = [{(job, category): number for job, category, number in row[2]} for row in group]
    columns += [[one.get(counter, 0) for one in counts] for counter in counters]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


PARQUET = evolve(JSONL, name="parquet", open=_ParquetWriter)
