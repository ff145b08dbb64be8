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
    """How many labels each file has, and the most memory that the process had when it was read, one after another."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM, *paths], capture_output=True, text=True, check=True)
    return [tuple(map(int, line.split())) for line in ran.stdout.splitlines()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("write", [write_ndjson, write_array, write_gzip, write_zip])
def test_memory_does_not_grow_with_the_source(write, tmp_path):
    sizes = 500, 10_000  # labels, and the latter are 20 MB
    for size in sizes:
        write(tmp_path / str(size), size)
    (small_read, small), (large_read, large) = peaks_kib(*(tmp_path / str(size) for size in sizes))
    assert (small_read, large_read) == sizes
    assert large < small + 8 * 1024
    assert large < 150 * 1024
