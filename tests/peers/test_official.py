"""The peer process itself: it answers for many texts, in order, for each version installed."""

from unittest.mock import Mock

import pytest

from tests.peers.official import LATEST, OLD, OfficialValidator, official_validator


@pytest.mark.parametrize("version", [LATEST, OLD])
def test_answers_stand_in_the_order_of_the_texts(version: str) -> None:
    with official_validator(version) as official:
        texts = ["A.B.count > 0", "A.B > 0", "", "J.C.count == 1 AND (J.D.count < 2)"]
        verdicts = [True, False, False, True]
        deep = "(" * 5000  # each takes 40 ms
        assert official.accepts([*texts * 25, deep, *texts * 25, deep]) == [*verdicts * 25, False] * 2


def test_it_times_inside_its_process(official: OfficialValidator) -> None:
    assert 0 < official.time_s("A.B.count > 0") < 10


def test_hostile_text_reaches_it_unharmed(official: OfficialValidator) -> None:
    assert official.accepts(["\u2028", "\ud800", "A.B.count\n>\r\n0", "\x00"]) == [False, False, True, False]
    assert official.accepts([]) == []


def test_a_version_that_is_not_installed_says_how_to_get_it() -> None:
    with pytest.raises(pytest.fail.Exception, match="make peers"), official_validator("0.0.0"):
        pass


def test_a_process_that_is_lost_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for its answers."""
    monkeypatch.setattr("tests.peers.official.run_forked", Mock(side_effect=ValueError("no exit status")))
    with pytest.raises(ValueError, match="no exit status"), official_validator() as official:
        official.accepts(["A.B.count > 0"])
