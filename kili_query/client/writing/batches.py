"""A call in several mutations: what they answered, and after a failure what became of each input."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from attrs import frozen

from kili_query.client.request import Request, Service
from kili_query.errors import MutationOutcomeUnknown, ServiceError
from kili_query.wording import shape_of

BATCH_SIZE = 100
"""Inputs of one mutation, at most."""

Advance: TypeAlias = Callable[[int], object]
"""Told how many inputs have been dealt with since it was last called."""


@frozen
class MutationBatch:
    """A mutation and the inputs that it carries, as the error of a failing call names them.

    Attributes:
        answers_each: the answer holds an item for each input.
    """

    request: Request
    inputs: tuple[object, ...]
    answers_each: bool = True


@contextmanager
def accounting_for(inputs: Sequence[object]) -> Iterator[None]:
    """A `ServiceError` within it tells what became of all inputs: in doubt, or not sent.

    >>> from kili_query.errors import NotFound
    >>> try:
    ...     with accounting_for(["file-1"]):
    ...         raise NotFound("no asset has the external id `file-1`")
    ... except NotFound as error:
    ...     error.in_doubt, error.not_sent
    ((), ('file-1',))
    """
    try:
        yield
    except ServiceError as error:
        is_unknown = isinstance(error, MutationOutcomeUnknown)
        error.in_doubt = tuple(inputs) if is_unknown else ()
        error.not_sent = () if is_unknown else tuple(inputs)
        raise


def send_batches(service: Service, batches: Sequence[MutationBatch], advance: Advance) -> list[object]:
    """Send mutations one after another.

    Returns:
        The items that they answered, in the order of the inputs.

    Raises:
        ServiceError: one failed. Its ``created`` holds what the earlier ones answered, ``in_doubt`` and ``not_sent``
            the inputs that may have been, and that were not, carried out.
    """
    answered: list[object] = []
    for number, batch in enumerate(batches):
        try:
            answered += _ask(service, batch)
        except ServiceError as error:
            waiting = [one for later in batches[number + 1 :] for one in later.inputs]
            is_unknown = isinstance(error, MutationOutcomeUnknown)
            error.created = (*answered, *error.created)
            error.in_doubt = batch.inputs if is_unknown else ()
            error.not_sent = tuple(waiting) if is_unknown else (*batch.inputs, *waiting)
            raise
        except BaseException as interruption:  # Ctrl-C: what was answered must not be lost with it
            interruption.add_note(f"carried out before: {answered}; in doubt: {list(batch.inputs)}")
            raise
        advance(len(batch.inputs))
    return answered


def _ask(service: Service, batch: MutationBatch) -> list[object]:
    """The items that one mutation answered."""
    answer = service.ask(batch.request)
    items = answer if isinstance(answer, list) else []
    named = [item for item in items if _has_id(item)]
    is_whole = isinstance(answer, list) and len(named) == len(items)
    if is_whole and (len(items) == len(batch.inputs) or not batch.answers_each):
        return items
    operation = batch.request.operation.name
    said = f"{len(items)} items" if is_whole else f"{shape_of(answer)}"
    error = MutationOutcomeUnknown(
        f"{len(batch.inputs)} inputs were sent, and the answer was {said}: which were carried out is unknown",
        operation=operation,
    )
    error.created = tuple(named)
    raise error


def _has_id(item: object) -> bool:
    found = item.get("id") if isinstance(item, dict) else item
    return isinstance(found, str) and bool(found)
