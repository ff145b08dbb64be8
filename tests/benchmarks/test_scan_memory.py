"""A large file, label by label: how long it takes, and how little memory."""

import json
import subprocess
import sys

import pytest

from tests.benchmarks.ratios import record_figure

SIZE_BYTES = 200_000_000
LIMIT_KIB = 150 * 1024
LABEL = {
    "id": "a",
    "jsonResponse": {
        "OBJECTS": {
            "annotations": [
                {
                    "mid": str(number),
                    "categories": [{"name": "CAR"}],
                    "boundingPoly": [{"normalizedVertices": [{"x": 0.25, "y": 0.75}] * 4}],
                }
                for number in range(20)
            ]
        }
    },
}
PROGRAM = """if True:
    import sys
    from kili_query.scanning import scan
    labels = scan(sys.argv[1], "OBJECTS.CAR.count > 30")
    assert not any(labels)
    peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
    print(labels.report.read, peak[0])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_large_file_stays_under_the_limit(benchmark, tmp_path):
    line = json.dumps(LABEL) + "\n"
    path = tmp_path / "labels.ndjson"
    labels = SIZE_BYTES // len(line)
    with path.open("w") as file:
        for _ in range(labels):
            file.write(line)

    def run() -> str:
        return subprocess.run([sys.executable, "-c", PROGRAM, path], capture_output=True, text=True, check=True).stdout

    read, peak_kib = map(int, benchmark.pedantic(run, rounds=1, iterations=1).split())
    assert read == labels
    assert peak_kib < LIMIT_KIB
    record_figure(benchmark, "peak memory of a scan of 200 MB", peak_kib / 1024, "MiB", at_most=LIMIT_KIB / 1024)
