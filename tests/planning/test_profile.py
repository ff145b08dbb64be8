"""Profiles as JSON: written, read, and refused where they say something else."""

import json
from itertools import product
from pathlib import Path

import pytest
from attrs import fields

from kili_query.errors import ArgumentError
from kili_query.planning.profile import STRICT_PROFILE, TRAITS, ServerProfile

NAMES = [one.name for one in fields(ServerProfile)]


@pytest.mark.parametrize("values", list(product([True, False], repeat=len(TRAITS))))
def test_what_is_written_is_read(values: tuple[bool, ...], tmp_path: Path) -> None:
    profile = ServerProfile(**dict(zip(TRAITS, values, strict=True)), filter_size=700)
    profile.save(tmp_path / "profile.json")
    assert ServerProfile.load(tmp_path / "profile.json") == profile
    assert ServerProfile.from_dict(profile.to_dict()) == profile


def test_what_is_not_said_is_not_trusted() -> None:
    assert ServerProfile.from_dict({}) == STRICT_PROFILE
    assert ServerProfile.from_dict({"counts_videos": True}).to_dict() == STRICT_PROFILE.to_dict() | {
        "counts_videos": True
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON: Expecting value"),
        ("[]", ": a profile is a JSON object"),
        ("[" * 100_000, "is not JSON: "),
        ('{"find_absent": true}', ": a profile has no `find_absent`: did you mean `finds_absent`?"),
        ('{"project": {}}', f": a profile has no `project`: there are {', '.join(NAMES)}"),
        ('{"finds_absent": "yes"}', ": `finds_absent` of a profile must be true or false, not 'yes'"),
        ('{"finds_absent": 1}', ": `finds_absent` of a profile must be true or false, not 1"),
        ('{"filter_size": -1}', ": `filter_size` of a profile must be an integer of at least 0, not -1"),
        ('{"filter_size": true}', ": `filter_size` of a profile must be an integer of at least 0, not True"),
        (json.dumps("é").encode("utf-16"), "is not JSON: "),
    ],
)
def test_what_is_no_profile(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = tmp_path / "profile.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ArgumentError) as raised:
        ServerProfile.load(path)
    assert str(raised.value).startswith(f"`{path}`")
    assert message in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"cannot read the profile `.*none\.json`: No such file"):
        ServerProfile.load(tmp_path / "none.json")
    with pytest.raises(ArgumentError, match="cannot read the profile"):
        ServerProfile.load(tmp_path)
