"""What a shell offers while a command is typed."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("export -f yo", ["yolo_v4", "yolo_v5", "yolo_v7", "yolo_v8"]),
        ("explain KQ201", ["KQ201"]),
        ("explain --ontology PROJECT SCENE.VE", ["SCENE.VEHICLE"]),
        ("match --ontology PROJECT OBJECTS.PERS", ["OBJECTS.PERSON"]),
        ("histogram LABELS --job OBJ", ["OBJECTS"]),
        ("histogram LABELS --job OBJECTS --category PERS", ["PERSON"]),
        ("histogram --ontology none LABELS --job OBJ", []),
        ("match --ontology nosuch.json OBJECTS.P", []),
    ],
)
def test_what_is_offered(run: Run, labels: Path, project: Path, typed: str, offered: list[str]) -> None:
    words = typed.replace("LABELS", str(labels)).replace("PROJECT", str(project)).split(" ")
    ran = run(
        _KILI_QUERY_COMPLETE="complete_bash", COMP_WORDS=f"kili-query {' '.join(words)}", COMP_CWORD=str(len(words))
    )
    assert (ran.out.split(), ran.err) == (offered, "")
