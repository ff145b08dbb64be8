"""The workflow of a served project: its version, its steps, and the groups of these."""

from collections.abc import Collection, Mapping, Sequence

from attrs import field, frozen

from kili_query.errors import OntologyError
from kili_query.near_names import nearest
from kili_query.protocol import StepStatus, WorkflowVersion

KEYS = ("workflowVersion", "steps", "stepGroups")
"""Where a project's file holds its workflow."""

_KEYS_OF = {"steps": ("id", "name", "type", "stepGroupId", "assignees"), "stepGroups": ("id", "name")}
_NOW_CALLED = {"DOING": "IN_PROGRESS", "REDO": "REWORK"}
STATUS_OF_STATE = {
    "TODO": StepStatus.TO_DO,
    "ONGOING": StepStatus.IN_PROGRESS,
    "LABELED": StepStatus.DONE,
    "TO_REVIEW": StepStatus.DONE,
    "REVIEWED": StepStatus.DONE,
}
"""The status of the first step, for assets whose file names no step, by the state of the asset."""


@frozen
class ServedStep:
    """A step of a workflow; ``group_id`` is None outside groups."""

    id: str
    name: str
    type: str
    group_id: str | None
    assignees: tuple[Mapping[str, object], ...]

    def as_json(self) -> dict[str, object]:
        """The step as the service tells it."""
        assignees = [dict(one) for one in self.assignees]
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "stepGroupId": self.group_id,
            "assignees": assignees,
        }


@frozen
class ServedWorkflow:
    """How assets of a project go from step to step. The sandbox keeps where each one is, and moves none."""

    version: WorkflowVersion = WorkflowVersion.V1
    steps: tuple[ServedStep, ...] = ()
    groups: Mapping[str, str] = field(factory=dict)
    """The name of each group, by its id."""

    @classmethod
    def of(cls, project: Mapping[str, object]) -> "ServedWorkflow":
        """Read the workflow of a project's document; a project without steps has the legacy one.

        Raises:
            OntologyError: it has another shape; the message names the place.
        """
        groups = {_text(one, "id", at): _text(one, "name", at) for at, one in _objects(project, "stepGroups")}
        steps = tuple(_step(one, at, groups) for at, one in _objects(project, "steps"))
        ids = [step.id for step in steps]
        if repeated := [one for one in ids if ids.count(one) > 1]:
            raise OntologyError(f"another step has the id `{repeated[0]}`", "steps")
        version = project.get("workflowVersion")
        if version is None:
            version = WorkflowVersion.V3 if groups else WorkflowVersion.V2 if steps else WorkflowVersion.V1
        if version not in list(WorkflowVersion):
            raise OntologyError(f"expected one of {', '.join(WorkflowVersion)}", "workflowVersion")
        return cls(WorkflowVersion(str(version)), steps, groups)

    def step(self, step_id: object) -> ServedStep | None:
        """The step with an id."""
        return next((one for one in self.steps if one.id == step_id), None)

    def group_of(self, step: ServedStep) -> str | None:
        """The name of the group that a step is in."""
        return None if step.group_id is None else self.groups[step.group_id]

    def named(self, name: str, group: str | None) -> ServedStep | None:
        """The first step of a name; of a group, where one is named."""
        return next((one for one in self.steps if one.name == name and group in (None, self.group_of(one))), None)

    def steps_in(self, groups: Collection[object]) -> list[str]:
        """The ids of the steps in groups with one of these names."""
        return [step.id for step in self.steps if step.group_id is not None and self.group_of(step) in groups]

    def as_json(self) -> dict[str, object]:
        """The workflow as the fields of a project."""
        return {
            "workflowVersion": str(self.version),
            "steps": [step.as_json() for step in self.steps],
            "stepGroups": [{"id": key, "name": name} for key, name in self.groups.items()],
        }


def current_status(status: str) -> str:
    """The name that a status has now: the service still takes two former ones.

    >>> current_status("REDO"), current_status("DONE")
    ('REWORK', 'DONE')
    """
    return _NOW_CALLED.get(status, status)


def _step(raw: Mapping[str, object], at: str, groups: Mapping[str, str]) -> ServedStep:
    group = raw.get("stepGroupId")
    if group is not None and group not in groups:
        raise OntologyError("expected the id of one of `stepGroups`", f"{at}.stepGroupId")
    assignees = tuple(
        {"email": f"{_text(one, 'id', where)}@example.com", **one} for where, one in _objects(raw, "assignees", at)
    )
    kind = _text(raw, "type", at) if raw.get("type") is not None else "DEFAULT"
    return ServedStep(
        _text(raw, "id", at), _text(raw, "name", at), kind, None if group is None else str(group), assignees
    )


def _objects(raw: Mapping[str, object], key: str, at: str = "") -> Sequence[tuple[str, Mapping[str, object]]]:
    found, place = raw.get(key), f"{at}.{key}" if at else key
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise OntologyError("expected a list of objects", place)
    for number, one in enumerate(found):
        if key in _KEYS_OF:
            _check_keys(one, f"{place}[{number}]", _KEYS_OF[key])
    return [(f"{place}[{number}]", one) for number, one in enumerate(found)]


def _check_keys(raw: Mapping[str, object], at: str, known: Sequence[str]) -> None:
    """An unknown key is an error, because a workflow that lacks what its file says is hard to notice."""
    for name in raw:
        if name not in known:
            raise OntologyError(unknown_key(name, known), f"{at}.{name}")


def unknown_key(name: str, known: Sequence[str]) -> str:
    """Return what is wrong with a key that an object cannot have."""
    meant = nearest(name, known)
    return f"unknown key: did you mean `{meant}`?" if meant else f"unknown key: it can have {', '.join(known)}"


def _text(raw: Mapping[str, object], key: str, at: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        raise OntologyError("expected a string that is not empty", f"{at}.{key}")
    return value
