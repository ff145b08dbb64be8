"""The formats ``llm_v1``, ``llm_rlhf`` and ``llm_dynamic_v1``: conversations and their labels, in one JSON list.

The media of an asset are its conversation: ``{"version": "0.1", "prompts": [{"prompt", "title"?, "completions":
[{"content", "title"?}]}]}``. An ``llm_v1`` row holds all labels of its asset; ``llm_rlhf`` is its shape in release 26,
which puts the answers at each depth under ``conversation``. In a dynamic project the root job
``CLASSIFICATION_JOB`` has a category ``STEP_n`` for each prompt, whose child jobs begin with ``STEP_n_``; its row is
one such row for each step, with the conversation so far: the completion that was ranked first goes on to the next step.
Every completion there names its model; in ``llm_v1`` those of the last round do, as in the official exporter.

Only names of jobs and categories lose the prefix of their step, never what people wrote.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, TypeAlias

from attrs import evolve, field, frozen

from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Asset, ExportedLabel
from kili_query.export.context import Export
from kili_query.export.errors import NotExportableAssetError
from kili_query.export.format import Entry, Format
from kili_query.export.formats.kili import dump

_VERSION = "0.1"
_SEPARATOR = "___"
_AT = "jsonResponse"
_STEPS = "CLASSIFICATION_JOB"
_SECOND = ("B_1", "B_2", "B_3")
_TASKS = ("CLASSIFICATION", "TRANSCRIPTION")

Row: TypeAlias = dict[str, object]
Object: TypeAlias = Mapping[str, object]


@frozen
class _Turn:
    """One message: a prompt, or a completion."""

    role: str
    content: object


@frozen
class _Chat:
    """A conversation: each prompt with its completions, and the asset's metadata about them."""

    rounds: tuple[tuple[_Turn, tuple[_Turn, ...]], ...]
    chat_id: object
    item_ids: tuple[str, ...]
    models: tuple[str, ...]

    def items(self, *, has_models_throughout: bool) -> list[list[Row]]:
        """Return for each round the prompt, then the completions, as in rows; ids are consecutive.

        Args:
            has_models_throughout: whether the completions of all rounds name their models, or only those of the last.
        """
        ids = iter(self.item_ids)
        rounds = []
        for number, (prompt, completions) in enumerate(self.rounds, 1):
            models = self.models if has_models_throughout or number == len(self.rounds) else ()
            named = [(prompt, None), *((one, _at(models, index)) for index, one in enumerate(completions))]
            rounds.append([self._item(turn, model, next(ids, None)) for turn, model in named])
        return rounds

    def _item(self, turn: _Turn, model: str | None, item_id: str | None) -> Row:
        return {"role": turn.role, "content": turn.content, "id": item_id, "chat_id": self.chat_id, "model": model}


def _at(models: tuple[str, ...], index: int) -> str | None:
    return models[index] if index < len(models) else None


def _read_chat(asset: Asset) -> _Chat:
    """Read the conversation of an asset.

    Raises:
        NotExportableAssetError: its media are not a conversation.
    """
    found = asset.media[0].file if asset.media else None
    content = _decoded(found)
    if content.get("version") != _VERSION:
        raise NotExportableAssetError(f"its conversation is of version {content.get('version')!r}, not {_VERSION!r}")
    prompts = content.get("prompts")
    if not isinstance(prompts, list):
        raise NotExportableAssetError("its conversation has no list of `prompts`")
    metadata = asset.document.get("jsonMetadata")
    told = metadata if isinstance(metadata, Mapping) else {}
    ids, models = (_split(told.get(key)) for key in ("chat_item_ids", "models"))
    return _Chat(tuple(_round(one, index) for index, one in enumerate(prompts)), told.get("chat_id"), ids, models)


def _decoded(path: Path | None) -> Object:
    try:
        content = None if path is None else json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise NotExportableAssetError("its conversation is not JSON") from error
    if not isinstance(content, Mapping):
        raise NotExportableAssetError("its conversation must be an object")
    return content


def _round(value: object, index: int) -> tuple[_Turn, tuple[_Turn, ...]]:
    where = f"prompts[{index}]"
    if not isinstance(value, Mapping) or "prompt" not in value:
        raise NotExportableAssetError(f"its conversation has no `prompt` (at `{where}`)")
    completions = value.get("completions") or []
    if not isinstance(completions, list) or not all(
        isinstance(one, Mapping) and "content" in one for one in completions
    ):
        raise NotExportableAssetError(f"its conversation has a completion without `content` (at `{where}.completions`)")
    answers = tuple(_Turn(str(one.get("title") or "assistant"), one["content"]) for one in completions)
    return _Turn(str(value.get("title") or "user"), value["prompt"]), answers


def _split(value: object) -> tuple[str, ...]:
    return tuple(value.split(_SEPARATOR)) if isinstance(value, str) and value else ()


@frozen
class _Step:
    """Removes the prefix of a step from the names of jobs and categories, if there is one."""

    prefix: str = ""

    def name(self, given: str) -> str:
        return given.removeprefix(self.prefix)


@frozen
class _Answers:
    """Reads the answers of a label: job to categories or text, and ``JOB.CATEGORY.CHILD`` to the child's answer."""

    tasks: Mapping[str, str]
    step: _Step = field(factory=_Step)
    is_wrapped: bool = False

    def read(self, jobs: Object, path: str) -> Row:
        """Return the answers of a map of jobs, under ``conversation`` if they are wrapped; nothing if there are none.

        Raises:
            MalformedLabelError: it has the wrong shape.
        """
        answers = self.flat(jobs, path)
        return {"conversation": answers} if self.is_wrapped and answers else answers

    def flat(self, jobs: Object, path: str) -> Row:
        """Return the answers of a map of jobs.

        Raises:
            MalformedLabelError: it has the wrong shape.
        """
        answers: Row = {}
        for name, payload in jobs.items():
            at = f"{path}.{name}"
            if payload is None or self.tasks.get(name) not in _TASKS:
                continue
            if not isinstance(payload, Mapping):
                raise MalformedLabelError("a job response must be an object", at)
            short = self.step.name(name)
            if self.tasks[name] == "TRANSCRIPTION":
                answers[short] = payload.get("text")
                continue
            categories = _categories(payload, at)
            answers[short] = [self.step.name(key) for key, _ in categories]
            for key, category in categories:
                below = _children(category, at)
                if len(categories) == 1:  # children may also be beside the categories
                    below = {**below, **_children(payload, at)}
                children = self.read(below, f"{at}.children")
                prefix = f"{short}.{self.step.name(key)}"
                answers |= {f"{prefix}.{child}": value for child, value in children.items()}
        return answers


def _categories(payload: Object, path: str) -> list[tuple[str, Object]]:
    listed = payload.get("categories")
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise MalformedLabelError("`categories` must be a list", f"{path}.categories")
    for index, one in enumerate(listed):
        if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
            raise MalformedLabelError("a category without a name", f"{path}.categories[{index}]")
    return [(str(one["name"]), one) for one in listed]


def _children(holder: Object, path: str) -> Object:
    children = holder.get("children")
    if children is None:
        return {}
    if not isinstance(children, Mapping):
        raise MalformedLabelError("`children` must be an object", f"{path}.children")
    return children


def _row(asset: Asset, raw_data: list[Row], labels: list[Row]) -> Row:
    return {
        "raw_data": raw_data,
        "status": asset.document.get("status"),
        "external_id": asset.external_id,
        "metadata": asset.document.get("jsonMetadata"),
        "labels": labels,
    }


def _label_row(label: ExportedLabel, answers: Row) -> Row:
    author = label.document.get("author")
    return {
        "author": author.get("email") if isinstance(author, Mapping) else None,
        "created_at": label.document.get("createdAt"),
        "label_type": label.document.get("labelType"),
        "label": answers,
    }


def _plain(asset: Asset, tasks: Mapping[str, str]) -> list[Row]:
    return [_whole(asset, _Answers(tasks))]


def _wrapped(asset: Asset, tasks: Mapping[str, str]) -> list[Row]:
    return [_whole(asset, _Answers(tasks, is_wrapped=True))]


def _whole(asset: Asset, answers: _Answers) -> Row:
    items = [item for one in _read_chat(asset).items(has_models_throughout=False) for item in one]
    return _row(asset, items, [_label_row(label, answers.read(label.response, _AT)) for label in asset.labels])


def _dynamic(asset: Asset, tasks: Mapping[str, str]) -> list[Row]:
    rounds = _read_chat(asset).items(has_models_throughout=True)  # each round is the last one of its row
    return [_steps(asset, label, rounds, tasks) for label in asset.labels]


def _steps(asset: Asset, label: ExportedLabel, rounds: list[list[Row]], tasks: Mapping[str, str]) -> Row:
    """Return a row for each step of a label, with the conversation up to it.

    Raises:
        MalformedLabelError: the label has no steps, or more than the conversation has prompts.
    """
    job = label.response.get(_STEPS)
    path = f"{_AT}.{_STEPS}"
    if not isinstance(job, Mapping):
        raise MalformedLabelError(f"no answer to `{_STEPS}`, which holds the steps", path)
    context: list[Row] = []
    rows: Row = {}
    for index, (step, category) in enumerate(_categories(job, path)):
        if index >= len(rounds):
            raise MalformedLabelError(f"`{step}` has no prompt in the conversation", f"{path}.categories[{index}]")
        answers = _Answers(tasks, _Step(f"{step}_")).flat(
            _children(category, path), f"{path}.categories[{index}].children"
        )
        prompt, *completions = rounds[index]
        rows[str(index)] = _row(asset, [*context, prompt, *completions], [_label_row(label, answers)])
        context += [prompt, *_chosen(completions, answers.get("RANKING"))]
    return rows


def _chosen(completions: list[Row], ranking: object) -> list[Row]:
    """Return the completion that continues the conversation: the second if it was ranked first, otherwise the first."""
    ranked = ranking[0] if isinstance(ranking, list) and ranking else None
    return completions[1:2] if ranked in _SECOND else completions[:1]


class _LlmWriter:
    """Writes one JSON list."""

    def __init__(self, export: Export, rows: Callable[[Asset, Mapping[str, str]], list[Row]]) -> None:
        self._rows = rows
        self._tasks = {job.name: job.ml_task for job in export.jobs}
        self._list: IO[bytes] = export.spool()

    def asset(self, asset: Asset) -> Iterable[Entry]:
        texts = [dump(row, 4).replace("\n", "\n    ") for row in self._rows(asset, self._tasks)]
        for text in texts:
            self._list.write((b"[\n    " if self._list.tell() == 0 else b",\n    ") + text.encode())
        return ()

    def close(self) -> Iterable[Entry]:
        self._list.write(b"[]" if self._list.tell() == 0 else b"\n]")
        self._list.seek(0)
        return [Entry("", self._list)]


LLM_V1 = Format(
    name="llm_v1",
    open=lambda export: _LlmWriter(export, _plain),
    is_archive=False,
    input_types=frozenset({"LLM_RLHF"}),
    has_layouts=False,
    has_single_file=True,
    normalized=frozenset({None}),
    needs_assets=True,
)
LLM_DYNAMIC_V1 = evolve(LLM_V1, name="llm_dynamic_v1", open=lambda export: _LlmWriter(export, _dynamic))
LLM_RLHF = evolve(LLM_V1, name="llm_rlhf", open=lambda export: _LlmWriter(export, _wrapped))
