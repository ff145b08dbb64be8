"""``kili-query demo``: a tour on labels that come with the package."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from textwrap import indent
from typing import Annotated

import typer
from attrs import asdict, frozen

from kili_query.cli import FINE, CommandError
from kili_query.cli.arguments import JsonOption
from kili_query.cli.demo_server import CACHE, FIELDS, AnsweredQuery, KeptLabels, NotAsked, Served, ask_server
from kili_query.cli.histogram import as_json_object, block
from kili_query.cli.inputs import ontology_of_cache
from kili_query.cli.match import Explained
from kili_query.cli.output import diagnostics_text, paint, print_json
from kili_query.cli.tally import CategoryTotals, tally
from kili_query.diagnostics import Diagnostic
from kili_query.diagnostics.render import as_json as diagnostic_as_json
from kili_query.ontology import Ontology
from kili_query.output_files import replaced
from kili_query.query import check, parse
from kili_query.resources import read_text
from kili_query.scanning import Report, content_of, scan

_FILES = ("labels.ndjson", "project.json", "instances.json", "NOTICE")
_QUERY = "OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0"
_SLIP = _QUERY.replace("PERSON", "PERSN")
_PAIR = ("OBJECTS", "PERSON")
_FOLDER = "kili-demo"
_SUM = "OBJECTS.PERSON.count > OBJECTS.CAR.count AND OBJECTS.CAR.count > 1"


@frozen
class _Tour:
    """The results of the tour: the findings on a query with a slip, and the labels that match, here and on a server."""

    diagnostics: list[Diagnostic]
    matching: list[dict[str, object]]
    report: Report
    explained: list[Explained]
    counts: CategoryTotals
    served: Served | NotAsked


def demo(
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="FOLDER", help="Instead of the tour, write its project and labels to a folder."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Take a tour of the command, on labels that come with it.

    Exit status: 0 when all went well, 2 when a file cannot be written or an extra is missing.

    \b
    kili-query demo
    kili-query demo --save kili-demo
    """
    if save is not None:
        _save(Path(save))
        if as_json:
            print_json({"files": [str(Path(save, name)) for name in _FILES]})
        else:
            print(f"wrote {', '.join(_FILES)} to {save}")
        return FINE
    tour = _take()
    if as_json:
        print_json(_as_json(tour))
    else:
        _print(tour)
    return FINE


def _save(folder: Path) -> None:
    """Write the files of the sample, none of which may be there."""
    for name in _FILES:
        if os.path.lexists(folder / name):
            raise CommandError(f"cannot write `{folder / name}`: it exists already")
    with ExitStack() as stack:  # all of them, or none
        for name in _FILES:
            new = stack.enter_context(replaced(folder / name, makes_folders=True))
            new.file.write(read_text("demo", name).encode())
            new.file.flush()  # here, where nothing has its place yet


def _take() -> _Tour:
    ontology = Ontology.from_json_interface(read_text("demo", "project.json"))
    labels: list[dict[str, object]] = [json.loads(line) for line in read_text("demo", "labels.ndjson").splitlines()]
    matcher = parse(_QUERY).compile(ontology=ontology)
    explanations = [matcher.explain(content_of(label)) for label in labels]
    found = scan(labels, _QUERY, ontology=ontology)
    # one label that matches, and one that nearly does
    numbers = (
        next(index for index, one in enumerate(explanations) if one.matches),
        next(index for index, one in enumerate(explanations) if one.operands[0].matches and not one.matches),
    )
    return _Tour(
        check(_SLIP, ontology),
        list(found),
        found.report,
        [Explained(labels[index]["id"], index + 1, explanations[index]) for index in numbers],
        tally(labels, ontology=ontology),
        ask_server(_QUERY, _SUM),
    )


def _as_json(tour: _Tour) -> dict[str, object]:
    served = None if isinstance(tour.served, NotAsked) else tour.served
    return {
        "slip": _SLIP,
        "diagnostics": [diagnostic_as_json(one) for one in tour.diagnostics],
        "query": _QUERY,
        "matching": [label["id"] for label in tour.matching],
        "report": tour.report.to_dict(),
        "explanations": [one.to_dict() for one in tour.explained],
        "histogram": as_json_object(tour.counts, _PAIR),
        "served": None if served is None else [one.to_dict() for one in served.answers],
        "cache": None if served is None or isinstance(served.kept, NotAsked) else asdict(served.kept),
    }


def _print(tour: _Tour) -> None:
    number = tour.report.read
    _say(
        f"A tour of kili-query, on the labels of {number} photos (from COCO 2017, CC BY 4.0).\n"
        "Each label says what is in one photo: here, the categories of the scene, and a box around every object."
    )
    _step(
        "1. A query is a condition on the number of objects in one label",
        f"    {_QUERY}\n\n"
        "matches photos with three people or more, in a scene with a vehicle. OBJECTS and SCENE are jobs of\n"
        "the project; PERSON and VEHICLE are categories.",
    )
    _step(
        "2. A mistake is found before anything runs",
        _command(f"check '{_SLIP}' --ontology project.json"),
        diagnostics_text(tour.diagnostics, sys.stdout),
    )
    _step(
        "3. The corrected query finds its labels",
        _command(f"match '{_QUERY}' labels.ndjson --ontology project.json --count"),
        f"{tour.report.matched}\n{tour.report}",
        "Without --count, the labels themselves are printed, one JSON object per line.",
    )
    _step(
        "4. Each verdict can be explained",
        _command(f"match '{_QUERY}' labels.ndjson --ontology project.json --explain"),
        f"{''.join(map(str, tour.explained))}… and so on, for {number} labels",
    )
    _step(
        "5. A histogram shows what to ask for",
        _command("histogram labels.ndjson --ontology project.json --job OBJECTS --category PERSON"),
        block(tour.counts, _PAIR),
        "Each line is a number of people, and how many labels hold that many.",
    )
    _step("6. A server answers too", *_served(tour.served))
    if not isinstance(tour.served, NotAsked):
        _step("7. Pull once, ask as often as you like", *_kept(tour.served.kept, tour.report))
    _step("Now you", _next_commands())


def _served(served: Served | NotAsked) -> Iterator[str]:
    if isinstance(served, NotAsked):
        yield str(served)
        return
    counted, summed = served.answers
    yield _command("serve --ontology project.json --labels labels.ndjson")
    yield (
        "serves these labels on this machine, as the platform serves yours, until Ctrl-C. The tour has just done so.\n"
        "Commands read the address of the server from KILI_API_ENDPOINT, and the key from KILI_API_KEY."
    )
    yield _list_command(counted)
    yield str(counted)
    yield "What a server cannot evaluate is evaluated here, on the few labels that may match:"
    yield _list_command(summed)
    yield str(summed)


def _kept(kept: KeptLabels | NotAsked, report: Report) -> Iterator[str]:
    if isinstance(kept, NotAsked):
        yield str(kept)
        return
    pull = _command(f"pull demo --cache {CACHE}")
    yield "A label cache keeps the labels of a project in a folder:"
    yield pull
    yield f"{CACHE}: {kept.first}"
    yield "Every command that reads a file of labels reads the folder too, and no server is asked:"
    yield _command(f"match '{_QUERY}' {CACHE} --count")
    yield f"{ontology_of_cache(CACHE)}\n{kept.matched}\n{report}"
    yield "The next pull gets only what changed since:"
    yield pull
    yield f"{CACHE}: {kept.again}"


def _list_command(asked: AnsweredQuery) -> str:
    return _command(f"labels demo --where '{asked.query.text}' --fields {','.join(FIELDS)}")


def _next_commands() -> str:
    commands = {
        f"demo --save {_FOLDER}": "get these labels as files",
        f"count {_FOLDER}/labels.ndjson": "what do they hold?",
        f"match 'OBJECTS.DOG AND NOT OBJECTS.PERSON' {_FOLDER}/labels.ndjson --count": "photos of dogs without people",
        f"match 'OBJECTS.count > 15' {_FOLDER}/labels.ndjson -o crowded.ndjson": "photos with more than 15 objects",
        "explain KQ102": "what a message means",
        "match --help": "all options of a command",
    }
    name = _name_to_type()
    return "\n".join(f"    # {remark}\n    {name} {command}" for command, remark in commands.items())


def _name_to_type() -> str:
    """The command's name, or the path that started it where `kili-query` is not on the PATH, as after `make demo`."""
    if shutil.which("kili-query") or os.path.basename(sys.argv[0]) == "__main__.py":
        return "kili-query"
    return shlex.quote(os.path.relpath(sys.argv[0]))


def _step(title: str, *paragraphs: str) -> None:
    _say("", paint("message", title, sys.stdout), *(f"\n{paragraph}" for paragraph in paragraphs))


def _command(arguments: str) -> str:
    return indent(f"$ kili-query {arguments}", "    ")


def _say(*lines: str) -> None:
    print("\n".join(lines))
