"""Labels are deleted, in batches."""

from collections.abc import Sequence

from kili_query.client.arguments import check_texts
from kili_query.client.request import Request, Service
from kili_query.client.warning import warn
from kili_query.client.writing.batches import BATCH_SIZE, Advance, MutationBatch, send_batches
from kili_query.errors import ArgumentError
from kili_query.protocol import DELETE_LABELS


def delete_labels(service: Service, *, ids: Sequence[str], advance: Advance = lambda _: None) -> list[str]:
    """Delete labels; the service deletes predictions and inferences only.

    Returns:
        The ids that were deleted.

    Raises:
        ArgumentError: not a list of ids; nothing was sent.
        ServiceError: a mutation failed. Its ``created`` holds the ids deleted so far; its ``in_doubt`` and
            ``not_sent`` hold ids too.
    """
    check_texts("ids", ids)
    if not ids:
        warn("`ids` is empty: no label is deleted")
        return []
    if "" in ids:
        raise ArgumentError(f"`ids[{list(ids).index('')}]` is empty")
    batches = [
        MutationBatch(Request(DELETE_LABELS, {"ids": list(chosen)}), tuple(chosen), answers_each=False)
        for chosen in (ids[start : start + BATCH_SIZE] for start in range(0, len(ids), BATCH_SIZE))
    ]
    return [str(deleted) for deleted in send_batches(service, batches, advance)]
