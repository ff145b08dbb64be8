"""The formats by name. A new one is a module beside this one and a line here."""

from difflib import get_close_matches

from kili_query.export.errors import NotCompatibleOptions
from kili_query.export.format import Format
from kili_query.extras import load

__all__ = ["FORMATS", "format_named"]

FORMATS = {
    "kili": ("kili", "KILI"),
    "raw": ("kili", "RAW"),
    "yolo_v4": ("yolo", "YOLO_V4"),
    "yolo_v5": ("yolo", "YOLO_V5"),
    "yolo_v7": ("yolo", "YOLO_V7"),
    "yolo_v8": ("yolo", "YOLO_V8"),
    "coco": ("coco", "COCO"),
    "pascal_voc": ("pascal_voc", "PASCAL_VOC"),
    "geojson": ("geojson", "GEOJSON"),
    "llm_v1": ("llm", "LLM_V1"),
    "llm_rlhf": ("llm", "LLM_RLHF"),
    "llm_dynamic_v1": ("llm", "LLM_DYNAMIC_V1"),
    "jsonl": ("jsonl", "JSONL"),
    "parquet": ("parquet", "PARQUET"),
}
"""Name to module and constant: a module is loaded when its format is used."""


def format_named(name: str) -> Format:
    """Return the format with this name.

    Raises:
        NotCompatibleOptions: the format does not exist.
        MissingExtraError: a package that it needs is not installed.
    """
    if name not in FORMATS:
        given = str(name).lower()
        near = get_close_matches(given, FORMATS, 1) or [one for one in FORMATS if given and given in one]
        hint = f"did you mean `{near[0]}`?" if near else f"choose one of {', '.join(FORMATS)}"
        raise NotCompatibleOptions(f"unknown format `{name}`: {hint}")
    module, constant = FORMATS[name]
    found: Format = getattr(load(f"{__name__}.{module}", f"the format `{name}`", "export"), constant)
    return found
