# ruff: noqa: S608 - the parts of a statement are constants of this module; what comes from outside is bound
"""From files to the database of a sandbox: its assets, its labels, and their counts."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from os import PathLike, fspath
from os.path import isdir
from pathlib import Path
from typing import TypeAlias

from attrs import define, field

from kili_query.conversations import holds_answers
from kili_query.counting.label import mistaken_for_label
from kili_query.errors import DataError, SourceError
from kili_query.protocol import AssetStatus, LabelType, StepStatus
from kili_query.sandbox.contents import ContentCounter
from kili_query.sandbox.database import Database
from kili_query.sandbox.feed import FILL_FEED
from kili_query.sandbox.fields import Fields
from kili_query.sandbox.project import OWNER, Person, ServedProject
from kili_query.sandbox.values import now
from kili_query.sandbox.workflow import STATUS_OF_STATE, ServedWorkflow
from kili_query.sandbox.writing import SETTLE_LATEST
from kili_query.scanning import Problem, read_labels
from kili_query.scanning.labels import mistaken_asset

FilePath: TypeAlias = str | PathLike[str]

_LABEL_COLUMNS = (
    "id, asset, author, label_type, model_name, created_at, updated_at, seconds_to_label, is_latest_label_for_user,"
    " is_sent_back_to_queue, consensus_mark, honeypot_mark, inference_mark, content, fault"
)
_UNDECIDED = -1


@define
class ProjectFiles:
    """Where labels and assets are read from."""

    labels: FilePath | None
    assets: FilePath | None


def project_file(project: FilePath) -> FilePath:
    """The file of a project, which a folder has under ``project.json``."""
    folder = _folder(project)
    return project if folder is None else folder / "project.json"


def _folder(project: object) -> Path | None:
    """The folder that a project is, or None where it is a file, or what should be one."""
    if not isinstance(project, str | PathLike):
        kind = type(project).__name__
        raise TypeError(f"a project is an `Ontology`, or the path of its file or folder, not `{kind}`")
    if not fspath(project):
        raise SourceError("the path of the project is empty")
    return Path(project) if isdir(project) else None


def find_files(project: FilePath, labels: FilePath | None = None, assets: FilePath | None = None) -> ProjectFiles:
    """The labels and assets of a project; a folder has them under ``labels.ndjson`` and ``assets.ndjson``.

    Args:
        project: a file or such a folder.
        labels: in the stead of those in the folder.
        assets: in the stead of those in the folder.
    """
    folder = _folder(project)
    if folder is None:
        return ProjectFiles(labels, assets)
    beside = {name: folder / f"{name}.ndjson" for name in ("labels", "assets")}
    found = {name: path if path.exists() else None for name, path in beside.items()}
    return ProjectFiles(labels or found["labels"], assets or found["assets"])


def import_files(database: Database, project: ServedProject, files: ProjectFiles, counter: ContentCounter) -> None:
    """Fill a database, wholly or not at all; one that another process has filled meanwhile stays as it is.

    Raises:
        DataError: a file cannot be read, or something in it has the wrong shape; the message names the place.
    """
    try:
        with database.writing() as connection:
            if connection.execute("SELECT 1 FROM project").fetchone() is not None:
                return
            connection.execute("INSERT INTO project VALUES (1, ?, ?)", (project.id, project.to_document()))
            _Import(connection, counter, project.workflow).run(files)
    except sqlite3.OperationalError as error:  # a full disk above all
        raise SourceError(f"cannot write the database `{database.path}`: {error}") from error
    with database.reading() as connection:  # what the planner knows of sizes
        connection.execute("COMMIT")
        connection.execute("ANALYZE")


def _author(author: Fields) -> Person:
    """The author of a label; the owner of the key where it names none."""
    return _person(author) or OWNER


def _person(author: Fields) -> Person | None:
    email, key = author.name("email"), author.name("id")
    if email is None and key is None:
        return None
    email = email or f"{key}@example.com"
    firstname, lastname = author.text("firstname"), author.text("lastname")
    return Person(key or email, email, email.partition("@")[0] if firstname is None else firstname, lastname or "")


@define
class _Import:
    """One import.

    Attributes:
        workflow: the steps of the project.
        assets: the row of each asset, by its id.
        ids: of the assets, by external id.
        people: the number of each user, by id.
        asset_steps: the step of each asset, its status as far as it is given, and the asset's id.
        label_steps: the step of a label, the label that it reviews, and its own id, where one of both is given.
        assignees: ids of assets and the number of a user.
        conversations: the messages and the models of an asset, and the asset's id.
        layers: the layers of an image of the earth, and the asset's id.
    """

    connection: sqlite3.Connection
    counter: ContentCounter
    workflow: ServedWorkflow
    time: str = field(factory=now)
    assets: dict[str, dict[str, object]] = field(factory=dict)
    ids: dict[str, str] = field(factory=dict)
    people: dict[str, int] = field(factory=dict)
    asset_steps: list[tuple[str, str | None, str]] = field(factory=list)
    conversations: list[tuple[str, str, str]] = field(factory=list)
    layers: list[tuple[str, str]] = field(factory=list)
    label_steps: list[tuple[str | None, str | None, str]] = field(factory=list)
    assignees: list[tuple[str, int]] = field(factory=list)

    def run(self, files: ProjectFiles) -> None:
        self._stage()
        self._number_of(OWNER)
        if files.assets is not None:
            for fields in _objects(files.assets, at=""):
                self._add_asset(fields)
        if files.labels is not None:
            is_derived = files.assets is None
            for position, fields in enumerate(_objects(files.labels, at="jsonResponse"), start=1):
                self._add_label(position, fields, is_derived=is_derived)
        self._settle()

    def _stage(self) -> None:
        """Tables for labels as they come: their numbers are known once all have been read."""
        self.connection.execute(f"CREATE TEMP TABLE staged ({_LABEL_COLUMNS}, place)")
        self.connection.execute("CREATE TEMP TABLE staged_counts (content INTEGER, job, category, count)")

    def _add_asset(self, asset: Fields) -> str:
        if (mistaken := mistaken_asset(dict(asset.values))) is not None:
            raise DataError(f"`{asset.place.file}` looks like {mistaken}, not like assets")
        external_id = asset.name("externalId")
        key = asset.name("id") or external_id
        if key is None:
            raise DataError(f"{asset.place}: not an asset: it has neither `id` nor `externalId`")
        if key in self.assets:
            raise DataError(f"{asset.place}: another asset has the id `{key}`")
        self.assets[key] = self._asset_row(key, external_id or key, asset)
        messages, models = ([dict(one.values) for one in asset.objects(name)] for name in _OF_CONVERSATIONS)
        if messages or models:
            self.conversations.append((json.dumps(messages), json.dumps(models), key))
        if asset.objects(_LAYERS):
            self.layers.append((json.dumps(asset.values[_LAYERS]), key))
        self.ids.setdefault(external_id or key, key)
        self._add_step(key, asset)
        return key

    def _add_step(self, key: str, asset: Fields) -> None:
        """Note who is to label an asset, and at which step it is: the first one, unless it says otherwise."""
        for place in ("assignees", "toBeLabeledBy"):
            for one in asset.objects(place):
                if (person := _person(one)) is None:
                    raise DataError(f"{one.place}: names nobody: it has neither `id` nor `email`")
                self.assignees.append((key, self._number_of(person)))
        current = asset.inner("currentStep")
        current.check_keys(_OF_CURRENT_STEP)
        step_id, name = current.name("id"), current.name("name")
        status = current.word("status", StepStatus)
        if step_id is None and name is None:
            if self.workflow.steps:
                self.asset_steps.append((self.workflow.steps[0].id, status, key))
            return
        by_name = None if name is None else self.workflow.named(name, current.name("stepGroupName"))
        found = by_name if step_id is None else self.workflow.step(step_id)
        if found is None:
            raise DataError(f"{current.place}: the project has no step `{step_id or name}`")
        self.asset_steps.append((found.id, status, key))

    def _add_step_of_label(self, key: str, label: Fields) -> None:
        step, reviewed = label.name("stepId"), label.name("referencedLabelId")
        if step is not None and self.workflow.step(step) is None:
            raise DataError(f"{label.place}: the project has no step `{step}`")
        if step is not None or reviewed is not None:
            self.label_steps.append((step, reviewed, key))

    def _asset_row(self, key: str, external_id: str, asset: Fields) -> dict[str, object]:
        return {
            "id": key,
            "external_id": external_id,
            "status": asset.word("status", AssetStatus) or "",
            "created_at": asset.time("createdAt") or self.time,
            "updated_at": asset.time("updatedAt"),
            "skipped": asset.flag("skipped") or False,
            "is_honeypot": asset.flag("isHoneypot") or False,
            "consensus_mark": asset.number("consensusMark"),
            "honeypot_mark": asset.number("honeypotMark"),
            "inference_mark": asset.number("inferenceMark"),
            "priority": int(asset.number("priority") or 0),
            "duration": asset.number("duration"),
            "content": asset.text("content") or "",
            "json_content": asset.json_text("jsonContent") or "",
            "json_metadata": asset.json_text("jsonMetadata") or "{}",
            "ocr_metadata": asset.text("ocrMetadata"),
            "resolution": asset.sizes("resolution"),
            "page_resolutions": asset.sizes("pageResolutions"),
        }

    def _add_label(self, position: int, label: Fields, *, is_derived: bool) -> None:
        content = self.counter.count(dict(label.values))
        key = label.name("id") or f"label-{position:06d}"
        self._add_step_of_label(key, label)
        row = (
            key,
            self._asset_of(label, is_derived=is_derived),
            self._number_of(_author(label.inner("author"))),
            label.word("labelType", LabelType) or LabelType.DEFAULT,
            label.text("modelName"),
            label.time("createdAt") or self.time,
            label.time("updatedAt"),
            label.number("secondsToLabel"),
            _or(label.flag("isLatestLabelForUser"), _UNDECIDED),
            label.flag("isSentBackToQueue") or False,
            label.number("consensusMark"),
            label.number("honeypotMark"),
            label.number("inferenceMark"),
            position,
            content.fault,
            str(label.place),
        )
        self.connection.execute(f"INSERT INTO staged VALUES ({_marks(row)})", row)
        self.connection.execute("INSERT INTO contents VALUES (?, ?)", (position, content.text))
        if holds_answers(label.values):
            self.connection.execute("INSERT INTO answers VALUES (?, ?)", (position, label.json_text("annotations")))
        counts = [(position, job, category, count) for (job, category), count in content.counts.items()]
        self.connection.executemany("INSERT INTO staged_counts VALUES (?, ?, ?, ?)", counts)

    def _asset_of(self, label: Fields, *, is_derived: bool) -> str:
        """The id of the asset that a label is of, which is made from the label where no file tells the assets."""
        owner = label.inner("labelOf")
        key = label.name("assetId") or owner.name("id")
        external_id = owner.name("externalId")
        if key is None and external_id is not None:
            key = self.ids.get(external_id, external_id)
        if key is None:
            looks = mistaken_for_label(label.values)
            raise DataError(f"{label.place}: names no asset: neither `assetId` nor `labelOf`{looks}")
        if key in self.assets:
            return key
        if not is_derived:
            raise DataError(f"{label.place}: there is no asset `{key}`")
        return self._add_asset(Fields({**owner.values, "id": key}, owner.place))

    def _number_of(self, person: Person) -> int:
        if person.id not in self.people:
            number = self.people[person.id] = len(self.people) + 1
            row = (number, person.id, person.email, person.firstname, person.lastname)
            self.connection.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?)", row)
        return self.people[person.id]

    def _settle(self) -> None:
        """Number what was read in the order of the pages."""
        self._refuse_repeated()
        assets = sorted(self.assets.values(), key=lambda row: (str(row["created_at"]), str(row["id"])))
        if assets:
            statement = f"INSERT INTO assets ({', '.join(assets[0])}) VALUES ({_marks(assets[0])})"
            self.connection.executemany(statement, [tuple(row.values()) for row in assets])
        for statement in _SETTLE:
            self.connection.execute(statement)
        for statement, rows in (
            (_PUT_STEP, self.asset_steps),
            (_PUT_ASSIGNEE, self.assignees),
            (_PUT_STEP_OF_LABEL, self.label_steps),
            (_PUT_CONVERSATION, self.conversations),
            (_PUT_LAYERS, self.layers),
        ):
            self.connection.executemany(statement, rows)

    def _refuse_repeated(self) -> None:
        repeated = self.connection.execute(
            "SELECT id, max(place) AS place FROM staged GROUP BY id HAVING count(*) > 1 LIMIT 1"
        ).fetchone()
        if repeated is not None:
            raise DataError(f"{repeated['place']}: another label has the id `{repeated['id']}`")


_OF_CURRENT_STEP = ("id", "name", "status", "stepGroupName")
_LAYERS = "geospatialExportMetadata"
_OF_CONVERSATIONS = ("chatItems", "assetProjectModels")
_PUT_CONVERSATION = "INSERT INTO conversations (messages, models, asset) SELECT ?, ?, number FROM assets WHERE id = ?"
_PUT_LAYERS = "INSERT INTO layers (metadata, asset) SELECT ?, number FROM assets WHERE id = ?"
_STAGED = _LABEL_COLUMNS.replace("asset,", "(SELECT number FROM assets WHERE assets.id = staged.asset),", 1)

_SETTLE = (
    # a row comes after another when its creation, then its id does: the order gives the numbers
    f"INSERT INTO labels ({_LABEL_COLUMNS}) SELECT {_STAGED} FROM staged ORDER BY created_at, id",
    "INSERT INTO counts SELECT job, category, labels.number, count FROM staged_counts AS s"
    " JOIN labels ON labels.content = s.content ORDER BY job, category, labels.number",
    f"{SETTLE_LATEST} WHERE is_latest_label_for_user = {_UNDECIDED}",
    "UPDATE assets SET status = CASE"
    " WHEN EXISTS (SELECT 1 FROM labels WHERE asset = assets.number AND label_type = 'REVIEW') THEN 'REVIEWED'"
    " WHEN EXISTS (SELECT 1 FROM labels WHERE asset = assets.number AND label_type = 'DEFAULT') THEN 'LABELED'"
    " WHEN EXISTS (SELECT 1 FROM labels WHERE asset = assets.number AND label_type = 'AUTOSAVE') THEN 'ONGOING'"
    " ELSE 'TODO' END WHERE status = ''",
    FILL_FEED,
    "DROP TABLE temp.staged",
    "DROP TABLE temp.staged_counts",
)

_STATES = " ".join(f"WHEN '{state}' THEN '{status}'" for state, status in STATUS_OF_STATE.items())
_PUT_STEP = (
    "INSERT INTO asset_steps (asset, step, status) SELECT number, ?, coalesce(?, CASE WHEN skipped THEN 'SKIPPED'"
    f" ELSE CASE status {_STATES} END END) FROM assets WHERE id = ?"
)
_PUT_ASSIGNEE = "INSERT OR IGNORE INTO assignees (asset, user) SELECT number, ?2 FROM assets WHERE id = ?1"
_PUT_STEP_OF_LABEL = "INSERT INTO label_steps (label, step, reviewed) SELECT number, ?, ? FROM labels WHERE id = ?"


def _objects(path: FilePath, *, at: str) -> Iterator[Fields]:
    """The JSON objects of a file, all of which must be readable."""
    for found in read_labels(path, at=at):
        if isinstance(found, Problem):
            what = "label" if at else "asset"
            raise SourceError(str(found).replace("not a label", f"not a {what}" if at else "no asset"))
        yield Fields(found.label, found.place)


def _or(value: bool | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _marks(row: Collection[object]) -> str:
    return ", ".join("?" * len(row))
