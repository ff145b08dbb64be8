"""The table of docs/datasets.md: which formats are read and written, what comes back, and what is kept aside.

Each cell is found by reading the samples, and by writing and reading again.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kili_query as kq
from kili_query.datasets import READERS, Dataset, DatasetItem, open_dataset
from kili_query.export import FORMATS, format_named, write

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "datasets.md"
SAMPLES = Path(__file__).parent / "samples"
TABLE = re.compile(r"\| format \|.*?(?=\n\n)", re.DOTALL)
IN_COCO = ROOT / "kili_query" / "demo" / "instances.json"


def samples_of(fmt: str) -> list[Path]:
    """The samples of a format: files, or folders where a dataset is one."""
    return sorted(one for one in (SAMPLES / fmt).iterdir() if one.name != "README.md")


def read(path: Path) -> Dataset:
    """A dataset, of which everything was read; what counting needs says the same as the whole."""
    dataset = open_dataset(path)
    for item in dataset.items():
        assert isinstance(item, DatasetItem), (path, item)
        if item.label is not None:
            assert kq.count(item.counted, ontology=dataset.ontology) == kq.count(item.read(), ontology=dataset.ontology)
    return dataset


def counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """The objects of each image by the names of their categories."""
    found = {}
    for item in dataset.items():
        assert isinstance(item, DatasetItem)
        names = {key: category.name for key, category in dataset.ontology.jobs["OBJECTS"].categories.items()}
        counted = kq.count(item.counted).items()
        found[Path(item.asset["externalId"]).stem] = {names[key]: one for (_, key), one in counted}
    return found


def comes_back(fmt: str, to: Path) -> bool:
    """Whether objects of images that are written come back."""
    original = open_dataset(IN_COCO)
    write(original, None, fmt=fmt, to=to, layout=max(format_named(fmt).layouts))
    assert counts(open_dataset(to)) == counts(original)
    return True


def rows(folder: Path) -> Iterator[list[str]]:
    for fmt, reader in READERS.items():
        written = [name for name in FORMATS if name.startswith(fmt)]
        kept: dict[str, Any] = {}
        for path in samples_of(fmt):
            dataset = read(path)
            assert dataset.format == fmt
            kept |= dataset.kept
        of_images = [name for name in written if fmt != "geojson"]
        back = all(comes_back(name, folder / f"{name}.zip") for name in of_images)
        yield [
            f"[{reader.title}](datasets/{fmt}.md)",
            f"`{fmt}`",
            ", ".join(f"`{name}`" for name in written) or "no",
            ("objects" if back else "no") if of_images else ("features" if written else "–"),
            ", ".join(f"`{name}`" for name in sorted(kept)) or "nothing in the samples",
        ]


def test_the_table_is_what_readers_and_writers_do(tmp_path: Path, update_golden: bool) -> None:
    head = ["format", "read with `--from`", "written with `-f`", "comes back", "kept under `source`, in the samples"]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows(tmp_path))]
    table = "\n".join(lines)
    text = DOCUMENT.read_text(encoding="utf-8")
    assert TABLE.search(text), f"{DOCUMENT.name} has no place for the table"
    if update_golden:
        DOCUMENT.write_text(TABLE.sub(lambda _: table, text), encoding="utf-8", newline="\n")
    else:
        assert table in text, f"run pytest --update-golden, then read {DOCUMENT.name}"
