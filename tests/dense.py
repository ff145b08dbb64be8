"""Small worlds where everything meets: an ontology, queries about it, and labels that obey it or do not.

Some object categories, two child jobs, and one that no category lists; children in objects, in categories, in points of
a pose; sugar, sums and patterns outside of brackets and inside. What hypothesis draws part by part seldom meets so.
"""

from random import Random
from typing import Any

from kili_query.ontology import Ontology

__all__ = ["World"]

_CHILDREN = {"K": ("X", "Y"), "L": ("X", "Z"), "OLD": ("X", "A")}
_OBJECTS = ("A", "B", "C")
_OPS = ("==", "!=", ">=", "<=", ">", "<")


class World:
    """One ontology, and what there is to ask of it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.ontology = self._ontology()

    def is_so(self, chance: float) -> bool:
        return self.random.random() < chance

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def _ontology(self) -> Ontology:
        objects: dict[str, Any] = {key: {"children": [name for name in "KL" if self.is_so(0.5)]} for key in _OBJECTS}
        for category in objects.values():
            if self.is_so(0.4):
                category["points"] = [{"code": "p", "name": "p", "children": [self.pick("K", "L")]}]
        jobs: dict[str, Any] = {"J": _job("OBJECT_DETECTION", objects, input=self.pick("radio", "checkbox"))}
        for name, keys in _CHILDREN.items():
            categories = {key: {"children": ["L"] if name == "K" and self.is_so(0.3) else []} for key in keys}
            jobs[name] = _job("CLASSIFICATION", categories, input=self.pick("radio", "checkbox"), isChild=True)
        choices = {"A": {}, "X": {"children": ["K"] if self.is_so(0.5) else []}}
        jobs["S"] = _job("CLASSIFICATION", choices, input=self.pick("radio", "checkbox"), required=1)
        return Ontology.from_json_interface({"jobs": jobs}, input_type="IMAGE")

    # Queries

    def query(self) -> str:
        """A query that may not pass the checks: what its brackets name need not stand there."""
        return self._condition(self._outer, 2)

    def _condition(self, term: Any, depth: int) -> str:
        if depth and self.is_so(0.35):
            joined = f" {self.pick('AND', 'OR')} ".join(f"({self._condition(term, depth - 1)})" for _ in range(2))
            return f"NOT ({joined})" if self.is_so(0.3) else joined
        left, right, number = term(), term(), self.random.randint(0, 2)
        return str(
            self.pick(
                left,
                left,
                f"NOT {left}",
                f"{left}.count {self.pick(*_OPS)} {number}",
                f"{left}.count {self.pick(*_OPS)} {number}",
                f"{number} {self.pick('<', '<=')} {left}.count < 3",
                f"{left}.count {self.pick('IN', 'NOT IN')} {{{number}, 3..}}",
                f"{left}.count {self.pick(*_OPS)} {right}.count",
                f"{left}.count {self.pick('+', '-')} {right}.count {self.pick(*_OPS)} {number}",
                f"{left}.count - 0.5 {self.pick(*_OPS)} {number}",
            )
        )

    def _outer(self) -> str:
        name = self.pick("J.A", "J.B", "J.*", "J.*", "*.A", "S.X", "K.X", "*.X", "*.*")
        if name[0] in "JS*" and self.is_so(0.6):
            return f"{name}[{self._condition(self._inner, 1)}]"
        return str(name)

    def _inner(self) -> str:
        name = self.pick("K.X", "K.X", "K.Y", "L.X", "K.*", "*.X", "*.*", "K.X[L.X]")
        return str(name)

    # Labels

    def label(self, *, obeys: bool) -> dict[str, Any]:
        """A label; one that does not obey has child jobs below anything, and categories that are gone."""
        label: dict[str, Any] = {}
        if self.is_so(0.9):
            label["J"] = {"annotations": [self._object(index, obeys) for index in range(self.random.randint(0, 4))]}
        label["S"] = self._choice("S", obeys)
        if not obeys and self.is_so(0.2):
            label["OLD"] = self._choice("OLD", obeys)
        return label

    def _object(self, index: int, obeys: bool) -> dict[str, Any]:
        key = self.pick(*_OBJECTS) if obeys or self.is_so(0.9) else "RETIRED"
        category: dict[str, Any] = {"name": key}
        found: dict[str, Any] = {"mid": str(index if obeys else self.random.randint(0, 2)), "categories": [category]}
        known = self.ontology.jobs["J"].categories.get(key)
        points = () if known is None else known.points
        below = () if known is None else known.children
        own = [name for name in below if not any(name in point.children for point in points)]
        if not obeys and self.is_so(0.6):
            own = list(_CHILDREN)
        found["children"] = self._children(own, obeys)
        if points or (not obeys and self.is_so(0.3)):
            names = [name for point in points for name in point.children] or ["K"]
            found["points"] = [{"code": "p", "children": self._children(names, obeys)}]
        if not obeys and self.is_so(0.2):
            category["children"] = self._children(["K"], obeys)
        return found

    def _children(self, names: Any, obeys: bool) -> dict[str, Any]:
        return {name: self._choice(name, obeys) for name in names if self.is_so(0.7)}

    def _choice(self, name: str, obeys: bool) -> dict[str, Any]:
        job = self.ontology.jobs[name]
        most = 1 if job.is_single_choice and obeys else 2
        keys = self.random.sample(list(job.categories), self.random.randint(1, most))
        return {
            "categories": [
                {"name": key, "children": self._children(job.categories[key].children, obeys)} for key in keys
            ]
        }


def _job(task: str, categories: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = {"input": more.pop("input"), "categories": categories}
    tools = {"tools": ["rectangle"]} if task == "OBJECT_DETECTION" else {}
    return {"mlTask": task, "content": content, **tools, **more}
