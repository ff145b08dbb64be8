"""The part that runs on the workers: turn batches of JSON texts into counts."""

import json
from typing import Any

import pyarrow as pa

from kili_query.counting import CountPolicy, Rules, count
from kili_query.counting.label import content_of
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.frames.counting_columns import Columns
from kili_query.frames.table import typed_rows
from kili_query.labels.columns import NO_METADATA
from kili_query.ontology import Ontology
from kili_query.targets.column_names import FAULT, column_name


def field_name(number: int) -> str:
    """Return the field of a counter: only a number, because Spark reads some characters of a name as a path."""
    return f"n{number}"


def count_texts(texts: "pa.Array[Any]", ontology: Ontology, policy: CountPolicy, at: str) -> pa.StructArray:
    """Count every (job, category) pair of the ontology in each of some JSON texts.

    Args:
        texts: text or binary; each is a label, or the content of one.
        ontology: the pairs to count.
        policy: the rule for objects in videos.
        at: the field of a label that holds its content; empty if each text is the content itself.

    Returns:
        One row for each text, in order: its fault, then its counts in the order of the ontology, int32, null if there
        is a fault; see `field_name`.

    >>> job = {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {"BLUE": {"name": "Blue"}}}}
    >>> ontology = Ontology.from_json_interface({"jobs": {"SKY": job}})
    >>> texts = pa.array(['{"SKY": {"categories": [{"name": "BLUE"}]}}', None])
    >>> count_texts(texts, ontology, CountPolicy(), "").to_pylist()
    [{'fault': None, 'n0': 1}, {'fault': 'unknown', 'n0': None}]
    """
    columns = Columns(ontology.pairs())
    typed = typed_rows(Rules.of(policy, ontology), at, columns)
    is_large = pa.types.is_large_string(texts.type) or pa.types.is_large_binary(texts.type)
    for text in texts.cast(pa.large_binary() if is_large else pa.binary()).to_pylist():
        if text is None:
            columns.add_row(NO_METADATA, "unknown")
        elif typed is None or not typed.add_bytes(text):
            _add(columns, text, ontology, policy, at)
    table = columns.to_table()
    names = {FAULT: FAULT}
    names |= {column_name(*pair): field_name(number) for number, pair in enumerate(ontology.pairs())}
    return pa.StructArray.from_arrays([table[name].combine_chunks() for name in names], list(names.values()))


def _add(columns: Columns, text: bytes, ontology: Ontology, policy: CountPolicy, at: str) -> None:
    """Add a row for a text by full decoding."""
    try:
        columns.add_counts(NO_METADATA, count(_content(text, at), ontology=ontology, policy=policy))
    except UnknownContentError:
        columns.add_row(NO_METADATA, "unknown")
    except MalformedLabelError:
        columns.add_row(NO_METADATA, "malformed")


def _content(text: bytes, at: str) -> object:
    """Return the content in a text. Without JSON, a content is unknown and a label is malformed."""
    try:
        value: object = json.loads(str(text, "utf-8"))
    except (ValueError, RecursionError) as error:
        if at:
            raise MalformedLabelError("the label is not JSON") from error
        raise UnknownContentError("the content is text that is not JSON") from error
    if not at:
        return value
    if not isinstance(value, dict):
        raise MalformedLabelError("the label must be a JSON object")
    return content_of(value, at)
