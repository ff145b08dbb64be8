"""Masks, which are arrays of pixels, and the outlines of annotations; needs numpy and OpenCV, the extra ``masks``.

As in the official client, the border of an outline is inside: corners are rounded to pixels, and each pixel that the
border touches counts. `run_lengths` and the exports count a pixel by its centre instead, so that areas which share an
edge share no pixel.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from kili_query.labels.geometry.pixels import Vertex

Mask: TypeAlias = NDArray[np.uint8]

_INSIDE = 255


def mask_to_normalized_vertices(image: Mask) -> tuple[list[list[Vertex]], NDArray[np.int32]]:
    """Return the outlines in a mask.

    Args:
        image: of shape ``(height, width)`` and integers: 255 inside, 0 outside.

    Returns:
        The outlines, each a list of vertices in fractions from the top left (a pixel's index by the size of the image,
        so the outermost pixels are inside the outline); and their tree, of shape ``(n_outlines, 4)``: for each the
        number of the next and the previous one on its level, of its first child (a hole, or a part within a hole) and
        of its parent, -1 for none. Both are empty for a mask without any pixel inside.

    Raises:
        ValueError: it is no such array.

    >>> import numpy as np
    >>> mask = np.zeros((10, 20), np.uint8)
    >>> mask[2:6, 4:9] = 255
    >>> mask_to_normalized_vertices(mask)[0]
    [[{'x': 0.2, 'y': 0.2}, {'x': 0.2, 'y': 0.5}, {'x': 0.4, 'y': 0.5}, {'x': 0.4, 'y': 0.2}]]
    """
    if image.ndim != 2:
        raise ValueError(f"a mask has the shape (height, width), not {image.shape}")
    strange = np.setdiff1d(np.unique(image), [0, _INSIDE])
    if strange.size:
        raise ValueError(f"a mask may only hold 0 and 255, not {strange[0]}")
    height, width = image.shape
    found, tree = cv2.findContours(image.astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    outlines = [[Vertex(x=float(x) / width, y=float(y) / height) for [[x, y]] in outline] for outline in found]
    return outlines, np.zeros((0, 4), np.int32) if not found else np.asarray(tree[0], np.int32)


def normalized_vertices_to_mask(
    normalized_vertices: Sequence[Mapping[str, float] | Vertex], img_width: int, img_height: int
) -> Mask:
    """Return the pixels within one outline, its border included.

    Args:
        normalized_vertices: in fractions from the top left.
        img_width: of the image, in pixels.
        img_height: of the image, in pixels.

    Returns:
        Of shape ``(img_height, img_width)`` and uint8: 255 inside, 0 outside.

    Raises:
        ValueError: the outline has no vertex, or the image no pixel.

    >>> corners = [{"x": 0, "y": 0}, {"x": 0, "y": 0.5}, {"x": 0.5, "y": 0.5}, {"x": 0.5, "y": 0}]
    >>> int((normalized_vertices_to_mask(corners, 4, 4) == 255).sum())
    9
    """
    if not normalized_vertices:
        raise ValueError("an outline without vertices")
    if img_width <= 0 or img_height <= 0:
        raise ValueError(f"an image is not {img_width} by {img_height} pixels")
    mask = np.zeros((img_height, img_width), np.uint8)
    corners = [(round(vertex["x"] * img_width), round(vertex["y"] * img_height)) for vertex in normalized_vertices]
    cv2.fillPoly(mask, [np.array(corners, np.int32)], (_INSIDE,))
    return mask
