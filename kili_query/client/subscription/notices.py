"""The notices of a subscription, beside its labels."""

from datetime import datetime
from typing import TypeAlias

from attrs import frozen

from kili_query.errors import KiliQueryError


@frozen
class Interruption:
    """The connection was lost; told when it breaks, and again, with its end, once the subscription is there anew.

    The service keeps nothing for who is away: labels that were written meanwhile do not come. List them, with
    ``created_at_gte``, where none may be missed.

    Attributes:
        reason: why.
        began: when, in UTC.
        ended: when it was over, in UTC; None while it lasts.
    """

    reason: str
    began: datetime
    ended: datetime | None = None

    def __str__(self) -> str:
        if self.ended is None:
            return f"the subscription is interrupted: {self.reason}; connecting again"
        missed = f"from {_time(self.began)} to {_time(self.ended)}"
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


Notice: TypeAlias = Interruption | LeftOut


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
