"""From what a subscription brings to labels: decoded, judged, and nothing left out in silence."""

from collections.abc import Callable
from queue import SimpleQueue

from attrs import define, field, frozen

from kili_query.client.contents import CONTENT, OnMalformed, decode_content, download_contents, of_label, settle_answers
from kili_query.client.paging import Row
from kili_query.client.request import Service
from kili_query.client.subscription.frames import failure_in
from kili_query.client.subscription.notices import LeftOut
from kili_query.conversations import ANNOTATIONS
from kili_query.errors import LabelError, MalformedLabelError, ServiceError, UnknownContentError
from kili_query.targets.closures import Matcher


@frozen
class Arrival:
    """One label as it arrived; until it is read it takes less memory in this form.

    Attributes:
        label: the label; empty where there was none.
        trouble: what the service says went wrong with it, without the key.
    """

    label: Row
    trouble: str | None = None

    @classmethod
    def of(cls, payload: dict[str, object], redacted: Callable[[str], str]) -> "Arrival":
        """Read a payload of the subscription."""
        data = payload.get("data")
        label = data.get("data") if isinstance(data, dict) else None
        errors = payload.get("errors")
        if isinstance(label, dict) and not errors:
            return cls(label)
        trouble = failure_in(errors).message if errors else "the service sent an event without a label"
        return cls(label if isinstance(label, dict) else {}, redacted(trouble))


@define
class Tally:
    """How many labels came, and what became of them.

    Attributes:
        came: labels that were taken so far.
        given: those that were given on.
        left_out: those whose content is unknown or cannot be read.
    """

    came: int = 0
    given: int = 0
    left_out: int = 0

    @property
    def not_matched(self) -> int:
        """Those that the query does not match."""
        return self.came - self.given - self.left_out


@define(eq=False)
class Arrivals:
    """The labels that have come, as an iterator that waits for more.

    Attributes:
        service: fetches the contents that stand elsewhere.
        judge: which labels are meant; None for all.
        on_malformed: what becomes of a label whose content cannot be read.
        tell: told of each label that is left out.
        error: gives what ended the subscription, if anything went wrong.
        tally: what became of them.
    """

    service: Service
    judge: Matcher | None
    on_malformed: OnMalformed
    tell: Callable[[LeftOut], None]
    error: Callable[[], Exception | None] = lambda: None
    tally: Tally = field(factory=Tally)
    _arrived: "SimpleQueue[Arrival | None]" = field(factory=SimpleQueue)

    def put(self, arrival: Arrival | None) -> None:
        """Take what has come; None for the end."""
        self._arrived.put(arrival)

    def __iter__(self) -> "Arrivals":
        return self

    def __next__(self) -> Row:
        while True:
            arrival = self._arrived.get()
            if arrival is None:
                self._arrived.put(None)  # for others that wait, and for who asks again
                if (error := self.error()) is not None:
                    raise error
                raise StopIteration
            self.tally.came += 1
            if (label := self._meant(arrival)) is not None:
                self.tally.given += 1
                return label

    def _meant(self, arrival: Arrival) -> Row | None:
        """The label, ready to be given on; None where it is not to be."""
        label = arrival.label
        try:
            self._make_ready(arrival)
            return label if self._is_meant(label) else None
        except (LabelError, ServiceError) as error:
            self.tally.left_out += 1
            if self.on_malformed == "raise" and not isinstance(error, UnknownContentError):
                raise
            label_id = label.get("id")
            self.tell(LeftOut(label_id if isinstance(label_id, str) else None, error))
            return None

    def _make_ready(self, arrival: Arrival) -> None:
        if arrival.trouble is not None:
            raise of_label(arrival.label, MalformedLabelError(arrival.trouble))
        download_contents([arrival.label], self.service, "raise")
        decode_content(arrival.label, "raise")
        if ANNOTATIONS in arrival.label:  # asked for where they tell the content
            settle_answers(arrival.label, "raise")

    def _is_meant(self, label: Row) -> bool:
        try:
            return self.judge is None or self.judge(label.get(CONTENT))
        except LabelError as error:
            raise of_label(label, error) from error
