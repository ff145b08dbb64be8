"""Workflows of projects: steps and groups in filters are checked, and names become ids, before a list is asked for.

The service takes ids and finds nothing by a wrong one, so a name that the project does not have is an error here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from attrs import define, field, frozen

from kili_query.client.ontologies import read_project
from kili_query.client.request import Service
from kili_query.client.warning import warn
from kili_query.errors import ArgumentError, GraphQLError, NotFound, TransportError
from kili_query.near_names import nearest
from kili_query.protocol import PROJECTS, Filter, WorkflowTerm, WorkflowVersion, filters_of
from kili_query.wording import listed, shape_of

_SELECTION = "workflowVersion steps { id name type stepGroupId } stepGroups { id name }"
_VERSION = "workflowVersion"
_SHOWN = 8
_OF_STATES = WorkflowTerm.ASSET_STATUS


@frozen
class WorkflowStep:
    """A step of a workflow; ``group`` is the name of its group, None outside groups."""

    id: str
    name: str
    group: str | None


@frozen
class Workflow:
    """The steps and groups of a project, as they were when they were fetched.

    Attributes:
        project_id: the project.
        version: which of the kinds of workflows it is.
        steps: in the order of the project.
        groups: the names of the groups.
    """

    project_id: str
    version: WorkflowVersion
    steps: tuple[WorkflowStep, ...]
    groups: tuple[str, ...]

    @classmethod
    def read(cls, service: Service, project_id: str) -> "Workflow":
        """Fetch the workflow of a project.

        Raises:
            NotFound: the project does not exist, or this user may not see it.
            ServiceError: it cannot be fetched, or cannot be understood.
        """
        project = read_project(service, project_id, _SELECTION)
        groups = {str(one["id"]): str(one["name"]) for one in _objects(project, "stepGroups")}
        steps = tuple(
            WorkflowStep(str(one["id"]), str(one["name"]), groups.get(str(one.get("stepGroupId"))))
            for one in _objects(project, "steps")
        )
        return cls(project_id, _version_of(project, project_id), steps, tuple(dict.fromkeys(groups.values())))

    def resolved(self, name: str, filter_: Filter, value: Sequence[object]) -> list[object]:
        """Return the value of a filter with ids in the place of names.

        Raises:
            ArgumentError: the workflow has no such filter, or no such step or group.
        """
        self._check_version(name, filter_)
        match filter_.term:
            case WorkflowTerm.STEP_ID:
                self._check_known(name, "step id", map(_term_of, value), [step.id for step in self.steps])
                return [tuple(one) if isinstance(one, list | tuple) else one for one in value]
            case WorkflowTerm.STEP_NAME:
                self._check_known(name, "step", map(_term_of, value), [step.name for step in self.steps])
                return self._ids_of(value)
            case WorkflowTerm.GROUP_NAME:
                self._check_known(name, "group", map(_term_of, value), self.groups)
        return [*value]

    def one_step(self, name: str | None, step_id: str | None, group: str | None) -> str:
        """Return the id of the step that labels are to be made in; a name or an id is given.

        Raises:
            NotFound: the project has the legacy workflow, without steps.
            ArgumentError: there is no such step or group, or several steps have the name.
        """
        if not self.steps:
            raise NotFound(
                f"project `{self.project_id}` has the legacy workflow, without steps: leave out"
                f" `{'step_id' if name is None else 'step_name'}`",
                operation=PROJECTS.name,
            )
        if step_id is not None:
            self._check_known("step_id", "step id", [step_id], [step.id for step in self.steps])
            return step_id
        among = self.steps
        if group is not None:
            self._check_groups("group_name")
            self._check_known("group_name", "group", [group], self.groups)
            among = tuple(step for step in self.steps if step.group == group)
        where = "" if group is None else f" in group `{group}`"
        self._check_known("step_name", "step", [str(name)], [step.name for step in among], where)
        found = [step for step in among if step.name == name]
        if len(found) > 1:
            groups = [f"`{step.group}`" for step in found if step.group is not None]
            hint = f"give `group_name`: {listed(groups, _SHOWN)}" if groups and group is None else "give `step_id`"
            raise ArgumentError(f"`step_name`: several steps have the name `{name}`{where}: {hint}")
        return found[0].id

    def _ids_of(self, value: Sequence[object]) -> list[object]:
        """Return the ids of all steps of some names, in the order of the project; a pair becomes one for each step."""
        pairs = [one for one in value if isinstance(one, list | tuple)]
        if pairs:
            return [(step.id, status) for name, status in pairs for step in self.steps if step.name == name]
        return [step.id for step in self.steps if step.name in value]

    def _check_version(self, name: str, filter_: Filter) -> None:
        if self.version == WorkflowVersion.V1:
            raise ArgumentError(
                f"`{name}` needs a workflow with steps, and project `{self.project_id}` has the legacy one"
                f" ({self.version}): leave it out; states of assets are what that workflow has"
            )
        if filter_.term is WorkflowTerm.GROUP_NAME:
            self._check_groups(name)

    def _check_groups(self, name: str) -> None:
        if self.version != WorkflowVersion.V3:
            raise ArgumentError(
                f"`{name}` needs a workflow with groups of steps (V3), and project `{self.project_id}` has"
                f" {self.version}: name steps instead"
            )

    def _check_known(
        self, name: str, what: str, values: Iterable[str], known: Collection[str], where: str = ""
    ) -> None:
        unknown = [one for one in dict.fromkeys(values) if one not in known]
        if not unknown:
            return
        near = nearest(unknown[0], known)
        names = listed([f"`{one}`" for one in dict.fromkeys(known)], _SHOWN)
        hint = f"did you mean `{near}`?" if near else f"it has {names}" if known else "it has none"
        said = listed([f"`{one}`" for one in unknown], _SHOWN)
        raise ArgumentError(f"`{name}`: project `{self.project_id}` has no {what} {said}{where}: {hint}")


@define
class Workflows:
    """The workflows of the projects of a service. Thread-safe.

    Steps are fetched whenever they are needed, because they may be renamed; whether a project has any is remembered.
    """

    service: Service
    _has_steps: dict[str, bool] = field(factory=dict)

    def settled(self, project_id: str, declaration: type, filters: Mapping[str, object]) -> dict[str, object]:
        """Return checked filters with ids of steps in the place of names; this costs a request if there are any.

        Raises:
            ArgumentError: the project's workflow has no such filter, step or group; no list was asked for.
            ServiceError: the workflow cannot be fetched.
        """
        known = filters_of(declaration)
        terms = {name: known[name].term for name in filters if known[name].term is not None}
        states = [name for name, term in terms.items() if term is _OF_STATES]
        if len(states) == len(terms):
            if states and self.has_steps(project_id):
                _warn_of_states(project_id, states[0])
            return dict(filters)
        workflow = Workflow.read(self.service, project_id)
        if states and workflow.version != WorkflowVersion.V1:
            _warn_of_states(project_id, states[0])
        resolved = dict(filters)
        for name, term in terms.items():
            if term is not _OF_STATES:
                resolved[name] = workflow.resolved(name, known[name], cast("Sequence[object]", filters[name]))
        return {name: value for name, value in resolved.items() if value != [] or not known[name].ignores_empty}

    def has_steps(self, project_id: str) -> bool:
        """Whether a project has steps; older services, which do not know the word, have none."""
        if project_id not in self._has_steps:
            try:
                version = read_project(self.service, project_id, _VERSION).get(_VERSION)
            except GraphQLError as error:
                if _VERSION not in error.message:
                    raise
                version = None
            self._has_steps[project_id] = version not in (None, WorkflowVersion.V1)
        return self._has_steps[project_id]


def _warn_of_states(project_id: str, name: str) -> None:
    message = f"`{name}` is meant for the legacy workflow, and project `{project_id}` has steps: filter by these"
    warn(message)


def _version_of(project: Mapping[str, object], project_id: str) -> WorkflowVersion:
    version = project.get(_VERSION)
    if version is None:
        return WorkflowVersion.V1
    if version not in list(WorkflowVersion):
        raise TransportError(
            f"project `{project_id}` has a workflow of the kind {version!r:.40}, which this release does not know:"
            " a newer one may",
            operation=PROJECTS.name,
        )
    return WorkflowVersion(str(version))


def _objects(project: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    found = project.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) and {"id", "name"} <= one.keys() for one in found):
        raise TransportError(f"`{key}` is not a list of steps or groups: {shape_of(found)}", operation=PROJECTS.name)
    return found


def _term_of(value: object) -> str:
    """Return the id or name in a value: a pair begins with it."""
    return str(value[0]) if isinstance(value, list | tuple) else str(value)
