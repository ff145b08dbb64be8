"""The rings of an annotation."""

from typing import cast

from kili_query.counting.label import CONTENT
from kili_query.errors import MalformedLabelError
from kili_query.labels.checks import check_bounding_poly, check_rings
from kili_query.labels.errors import MissingAnswerError
from kili_query.labels.json_values import checked_copy
from kili_query.labels.label_dict import LabelDict
from kili_query.labels.view import ListView, ObjectView, View
from kili_query.ontology import Job
from kili_query.ontology.decode import kind_of

Vertices = list[dict[str, float]]
"""The vertices of a ring; in a PDF document there is a list of them instead, for each page or line one."""


class BoundingPoly(ObjectView):
    """One ring: the outline, or a hole in it."""

    __slots__ = ("_tool",)

    def __init__(self, document: LabelDict, parent: View, key: int, job: Job | None, tool: object) -> None:
        super().__init__(document, parent, key, job)
        self._tool = tool

    @property
    def normalized_vertices(self) -> Vertices:
        """The vertices, as fractions of width and height; changing the list changes the label.

        Of a PDF document, a list of such lists.
        """
        self._document.own(CONTENT)
        found = self._get("normalizedVertices")
        path = self._path_of("normalizedVertices")
        if found is None:
            raise MissingAnswerError("there is no `normalizedVertices`", path)
        if not isinstance(found, list):
            raise MalformedLabelError(f"expected a list, found {kind_of(found)}", path)
        return cast(Vertices, found)

    @normalized_vertices.setter
    def normalized_vertices(self, vertices: object) -> None:
        path = self._path_of("normalizedVertices")
        check_rings(vertices, self._tool, path)
        self._put("normalizedVertices", checked_copy(vertices, path))


class BoundingPolyList(ListView["BoundingPoly | BoundingPolyList"]):
    """The rings of an annotation: the outline first, then holes.

    Of an object in several parts, as in geospatial projects, each entry is again a list of rings.
    """

    __slots__ = ("_tool",)

    def __init__(self, document: LabelDict, parent: View, key: str | int, job: Job | None, tool: object) -> None:
        super().__init__(document, parent, key, job)
        self._tool = tool

    def _entry(self, index: int) -> "BoundingPoly | BoundingPolyList":
        nodes = self._raw() or []
        kind = BoundingPolyList if isinstance(nodes[index], list) else BoundingPoly
        return kind(self._document, self, index, self._job, self._tool)

    def add_bounding_poly(self, bounding_poly: dict[str, object]) -> None:
        """Add a ring, as ``{"normalizedVertices": [{"x": 0.1, "y": 0.2}, ...]}``.

        Raises:
            InvalidMutationError: it is no ring, or none that the tool of the annotation draws.
        """
        path = self._path_of(len(self))
        check_bounding_poly(self._tool, [bounding_poly], self.path, first=len(self))
        self._append(checked_copy(bounding_poly, path))
