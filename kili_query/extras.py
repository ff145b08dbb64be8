"""The one place that knows optional dependencies: loads the module that needs one, or says how to install it."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from kili_query.errors import MissingExtraError

_MODULES_OF_EXTRA = {
    "fast": ("msgspec",),
    "cache": (
        "deltalake",
        "narwhals",
        "numpy",
        "polars",
        "pyarrow",
        "requests",
        "tqdm",
        "urllib3",
        "websockets",
    ),
    "cli": ("typer", "rich", "defusedxml", "yaml"),
    "client": ("requests", "tqdm", "urllib3", "websockets"),
    "datasets": ("defusedxml", "msgspec", "yaml"),
    "export": (
        "PIL",
        "cv2",
        "filelock",
        "imagesize",
        "isal",
        "msgspec",
        "narwhals",
        "numpy",
        "pyarrow",
        "requests",
        "shapely",
        "tqdm",
        "urllib3",
        "yaml",
    ),
    "frames": ("narwhals", "numpy", "pyarrow"),
    "gis": ("pyproj", "shapefile"),
    "lsp": ("lsprotocol", "pygls"),
    "masks": ("cv2", "numpy"),
    "mcp": ("anyio", "mcp", "mcp_types"),
    "page": (
        "anyio",
        "defusedxml",
        "deltalake",
        "msgspec",
        "narwhals",
        "numpy",
        "polars",
        "pyarrow",
        "requests",
        "rich",
        "sqlglot",
        "starlette",
        "tqdm",
        "typer",
        "urllib3",
        "uvicorn",
        "websockets",
        "yaml",
        "zstandard",
    ),
    "pandas": ("pandas",),
    "sandbox": ("anyio", "ariadne", "graphql", "msgspec", "starlette", "uvicorn", "websockets"),
    "spark": ("pyspark", "narwhals", "numpy", "pyarrow"),
    "sql": ("sqlglot",),
    "widget": ("anywidget", "defusedxml", "msgspec", "rich", "traitlets", "typer", "yaml", "zstandard"),
    "zstd": ("zstandard",),
}


def load(module: str, feature: str, extra: str) -> ModuleType:
    """Import a module of this package that needs the extra.

    Raises:
        MissingExtraError: a dependency of the extra is not installed; it names this feature and this extra also where
            what lacks belongs to a smaller extra that this one brings.
    """
    try:
        return import_module(module)
    except MissingExtraError as missing:
        if not set(_MODULES_OF_EXTRA[missing.extra]) <= set(_MODULES_OF_EXTRA[extra]):
            raise
        raise MissingExtraError(feature, extra) from missing
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] not in _MODULES_OF_EXTRA[extra]:
            raise
        raise MissingExtraError(feature, extra) from missing


def check_extra(feature: str, extra: str) -> None:
    """Check that the dependencies of an extra are installed, without loading them.

    Raises:
        MissingExtraError: one of them is not installed; it names the feature and the extra.
    """
    if not has_extra(extra):
        raise MissingExtraError(feature, extra)


def has_extra(extra: str) -> bool:
    """Whether all dependencies of the extra can be imported."""
    return all(find_spec(name) is not None for name in _MODULES_OF_EXTRA[extra])
