"""The colour of a category: that of its interface, or, if it has none or shares it, a computed one."""

import re
from colorsys import hsv_to_rgb
from itertools import takewhile
from typing import TypeAlias
from zlib import crc32

from kili_query.ontology import Ontology

Color: TypeAlias = tuple[int, int, int]

_GOLDEN = 0.618033988749895  # turns of the hue that keep neighbours apart
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def color_of(job: str, category: str, ontology: Ontology | None = None) -> Color:
    """Return red, green and blue, 0 to 255 each; the same each time.

    >>> color_of("OBJECTS", "CAR") == color_of("OBJECTS", "CAR") != color_of("OBJECTS", "BUS")
    True
    """
    known = None if ontology is None else ontology.jobs.get(job)
    if ontology is not None and known is not None and category in known.categories:
        told = known.categories[category].color
        is_its_own = [one.color for one in known.categories.values()].count(told) == 1
        if told is not None and is_its_own and _HEX.fullmatch(told):
            return int(told[1:3], 16), int(told[3:5], 16), int(told[5:7], 16)
        # Its place among the categories of all jobs: what lies on one asset should differ.
        before = sum(len(one.categories) for one in takewhile(lambda one: one is not known, ontology.jobs.values()))
        turns = (before + list(known.categories).index(category)) * _GOLDEN
    else:
        turns = crc32(f"{job}/{category}".encode("utf-8", "replace")) / 2**32
    red, green, blue = hsv_to_rgb(turns % 1.0, 0.85, 0.9)
    return round(red * 255), round(green * 255), round(blue * 255)
