"""Rows of the tables, made from labels: their fields, the digests of their contents and their counts."""

import json
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import pyarrow as pa
from attrs import define, field, frozen

from kili_query.cache.columns import COLUMNS, CREATED, DIGEST, FIELDS, PART, row_of, stored_names
from kili_query.counting import CountPolicy
from kili_query.counting.label import CONTENT
from kili_query.frames import count_table
from kili_query.ontology import Ontology
from kili_query.protocol import read_json
from kili_query.targets.column_names import FAULT, counter_of


@frozen
class Counting:
    """How the labels of a cache are counted: by its ontology and its rule for videos."""

    ontology: Ontology | None
    policy: CountPolicy

    def counts_of(self, texts: Sequence[str | None]) -> pa.Table:
        """Return the fault and the counts of contents, one row each; a counter that no content holds has no column.

        >>> counting = Counting(None, CountPolicy())
        >>> counting.counts_of(['{"J": {"categories": [{"name": "A"}]}}', None]).to_pylist()
        [{'fault': None, 'J/A': 1}, {'fault': 'unknown', 'J/A': None}]
        """
        contents = [None if text is None else text.encode("utf-8", "surrogatepass") for text in texts]
        table = count_table(contents, self.ontology, policy=self.policy, at="")
        faults = table[FAULT].to_pylist()
        for number, fault in enumerate(faults):
            if fault == "malformed" and not _is_json(str(texts[number])):
                faults[number] = "unknown"
        table = table.set_column(table.column_names.index(FAULT), FAULT, pa.array(faults, pa.string()))
        return table.select([name for name in table.column_names if name == FAULT or counter_of(name) is not None])


@define
class Batch:
    """Labels on their way into the tables.

    Attributes:
        rows: the fields of each label by column.
        texts: the JSON text of each content; None where it is unknown.
        n_characters: the length of the texts that were added.
    """

    rows: list[dict[str, object]] = field(factory=list)
    texts: list[str | None] = field(factory=list)
    n_characters: int = 0

    def add(self, label: Mapping[str, Any], faults: list[str]) -> None:
        """Add a label, whose content is JSON text or decoded, or None if it is unknown.

        Args:
            label: the label.
            faults: a list to which the message of each field is added that cannot be kept as it is.

        Raises:
            MalformedLabelError: the label has no id.
        """
        row = row_of(label, faults)
        text = text_of(label.get(CONTENT))
        row[DIGEST] = None if text is None else digest_of(text)
        self.rows.append(row)
        self.texts.append(text)
        self.n_characters += len(text or "")

    def __len__(self) -> int:
        return len(self.rows)

    def last_of_each(self) -> "Batch":
        """Return the labels with each id once, as it came last."""
        last = {str(row["id"]): number for number, row in enumerate(self.rows)}
        return Batch([self.rows[number] for number in last.values()], [self.texts[number] for number in last.values()])

    @property
    def ids(self) -> list[str]:
        """The ids of the labels."""
        return [str(row["id"]) for row in self.rows]

    def to_rows(self, parts: Sequence[int], counting: Counting, taken: Collection[str]) -> pa.Table:
        """Return the rows of the table of labels.

        Args:
            parts: the part of each label.
            counting: how to count.
            taken: the columns that the table has.
        """
        numbers = {name: [row.get(name) for row in self.rows] for name in (CREATED, DIGEST, *FIELDS)}
        columns = [pa.array(numbers.get(name, parts), kind) for name, kind in COLUMNS.items()]
        counts = counting.counts_of(self.texts)
        names = stored_names(counts.column_names, taken)
        return pa.table([*columns, *counts.columns], names=[*COLUMNS, *names])

    def to_contents(self, parts: Sequence[int]) -> pa.Table:
        """Return the rows of the table of contents."""
        known = [number for number, text in enumerate(self.texts) if text is not None]
        return contents_table(
            [parts[number] for number in known],
            [str(self.rows[number][DIGEST]) for number in known],
            [str(self.texts[number]) for number in known],
        )


def contents_table(parts: Sequence[int], digests: Sequence[str], texts: Sequence[str]) -> pa.Table:
    """Return rows of the table of contents."""
    return pa.table({PART: pa.array(parts, pa.int32()), DIGEST: pa.array(digests, pa.string()), "json": texts})


def text_of(content: object) -> str | None:
    """Return the JSON text of a content; None if it is unknown. A text that is not JSON stays as it is.

    >>> text_of({"J": {}}), text_of('{"J": {}}'), text_of(None)
    ('{"J": {}}', '{"J": {}}', None)
    """
    if content is None:
        return None
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a character, which no table can hold, as JSON escapes it
        text = text.encode("utf-8", "backslashreplace").decode()
    return text


def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except ValueError:
        return False
    return True


def digest_of(text: str) -> str:
    """Return the digest of a content: 128 bits of BLAKE2b, in hexadecimal.

    >>> digest_of("{}")
    '2afb9b83f9314e5d029766197f539792'
    """
    return blake2b(text.encode(), digest_size=16).hexdigest()
