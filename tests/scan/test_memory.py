"""Memory does not grow with the source."""

import gzip
import json
import subprocess
import sys
import zipfile

import pytest

from tests.scan.samples import BLUE, label

# the peak of the process's own memory; `ru_maxrss` would include what it was forked from
PROGRAM = """if True:
    import sys
    from kili_query.scanning import scan
    for path in sys.argv[1:]:
        labels = scan(path, "SKY.BLUE.count == 0")
        assert not any(labels), labels.report
        peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
        print(labels.report.read, peak[0])
"""
LABEL = json.dumps(label("a", {**BLUE, "NOTE": {"text": "x" * 2000}}))


def write_ndjson(path, labels):
    path.write_text((LABEL + "\n") * labels)


def write_array(path, labels):
    path.write_text("[" + (LABEL + ",\n") * (labels - 1) + LABEL + "]")


def write_gzip(path, labels):
    path.write_bytes(gzip.compress((LABEL + "\n").encode() * labels, 1))


def write_zip(path, labels):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("data.json", "[" + (LABEL + ",\n") * (labels - 1) + LABEL + "]")


def peaks_kib(*paths) -> list[tuple[int, int]]:
    """How many labels each file has, and the most memory that the process had until it was read, one after another."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM, *paths], capture_output=True, text=True, check=True)
    return [tuple(map(int, line.split())) for line in ran.stdout.splitlines()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_does_not_grow_with_the_source(tmp_path):
    """One process reads all: first a small file of each form, and then a large one, by which its peak must not rise."""
    forms = write_ndjson, write_array, write_gzip, write_zip
    sizes = 500, 6_000  # labels, and the latter are 12 MB
    paths = []
    for size in sizes:
        for write in forms:
            paths.append(tmp_path / f"{write.__name__} {size}")
            write(paths[-1], size)
    peaks = peaks_kib(*paths)
    assert [read for read, _ in peaks] == [size for size in sizes for _ in forms]
    before = peaks[len(forms) - 1][1]
    for path, (_, peak) in zip(paths[len(forms) :], peaks[len(forms) :], strict=True):
        assert peak < before + 8 * 1024, path.name
    assert before < 150 * 1024
