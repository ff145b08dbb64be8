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
    labels = scan(sys.argv[1], "SKY.BLUE.count == 0")
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


def peak_kib(path, labels: int) -> int:
    ran = subprocess.run([sys.executable, "-c", PROGRAM, path], capture_output=True, text=True, check=True)
    read, peak = map(int, ran.stdout.split())
    assert read == labels
    return peak


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("write", [write_ndjson, write_array, write_gzip, write_zip])
def test_memory_does_not_grow_with_the_source(write, tmp_path):
    path = tmp_path / "labels"
    write(path, 500)
    small = peak_kib(path, 500)
    write(path, 14_000)  # 30 MB
    large = peak_kib(path, 14_000)
    assert large < small + 8 * 1024
    assert large < 150 * 1024
