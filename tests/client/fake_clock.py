"""A clock that stands still until somebody sleeps."""

from datetime import UTC, datetime

from attrs import define, field

from kili_query.client.retries import Clock

__all__ = ["NOW", "FakeTime"]

NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)


@define
class FakeTime:
    """Time that passes by sleeping alone, and chance that always falls the same way.

    Attributes:
        chance: 0.0 for the least that chance allows, 1.0 for the most.
    """

    chance: float = 1.0
    now_s: float = 0.0
    sleeps: list[float] = field(factory=list)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now_s += seconds

    @property
    def clock(self) -> Clock:
        return Clock(
            monotonic_s=lambda: self.now_s,
            sleep=self.sleep,
            between=lambda low, high: low + (high - low) * self.chance,
            utc_now=lambda: NOW,
        )
