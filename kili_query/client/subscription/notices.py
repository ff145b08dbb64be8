"""The notices of a subscription, beside its labels."""

from datetime import datetime
from typing import TypeAlias

from attrs import frozen

from kili_query.errors import KiliQueryError


@frozen
class Interruption:
    """The connection was lost; told when it breaks, and again, with its end, once the subscription is there anew.

    Over a websocket the service keeps nothing for who is away: labels that were written meanwhile do not come. List
    them, with ``created_at_gte``, where none may be missed. The change feed keeps them, and they come afterwards.

    Attributes:
        reason: why.
        began: when, in UTC.
        ended: when it was over, in UTC; None while it lasts.
        are_lost: labels that were written in the meantime do not come.
    """

    reason: str
    began: datetime
    ended: datetime | None = None
    are_lost: bool = True

    def __str__(self) -> str:
        if self.ended is None:
            return f"the subscription is interrupted: {self.reason}; connecting again"
        missed = f"from {_time(self.began)} to {_time(self.ended)}"
        if not self.are_lost:
            return f"the subscription goes on; labels written {missed} come late"
        return f"the subscription goes on; labels written {missed} did not come"


@frozen
class LeftOut:
    """A label that came, and is not given on, for its content is unknown or cannot be read.

    Attributes:
        label_id: its id; None where not even that is known.
        error: why.
    """

    label_id: str | None
    error: KiliQueryError

    def __str__(self) -> str:
        return f"left out: {self.error}"


@frozen
class Polling:
    """No websocket could be opened, so labels come from the change feed, which is read again and again.

    Attributes:
        reason: why no websocket could be opened.
        poll_s: the time between two reads, in seconds.
    """

    reason: str
    poll_s: float

    def __str__(self) -> str:
        return (
            f"no websocket can be opened: {self.reason}; reading the change feed every {self.poll_s:g} s instead, "
            "which does not report drafts"
        )


@frozen
class UnknownEvent:
    """The change feed holds an event of an unknown name; reported once for each name.

    Attributes:
        event_id: the event.
        name: its name.
        label_id: the label that it names, which is given on; None if it names none.
    """

    event_id: str
    name: str
    label_id: str | None

    def __str__(self) -> str:
        handled = "ignored, because it names no label" if self.label_id is None else "its label is taken as changed"
        return f"unknown event `{self.name}` (`{self.event_id}`): {handled}"


Notice: TypeAlias = Interruption | LeftOut | Polling | UnknownEvent


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
