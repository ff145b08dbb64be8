"""Bad input is reported with its place, and never ends in silence."""

import gzip
import json
import sys

import pytest
import zstandard

from kili_query.errors import MalformedLabelError, SourceError, UnknownContentError
from kili_query.scanning import MAX_PROBLEMS, ProblemKind, scan
from tests.scan.samples import BLUE, LABELS, MATCHING, QUERY, found, label, ndjson, reasons

GOOD = json.dumps(label("a")).encode()


def scanned(tmp_path, data: bytes):
    path = tmp_path / "labels"
    path.write_bytes(data)
    ids, labels = found(path)
    return ids, labels.report, [line.removeprefix(f"{path}") for line in reasons(labels)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "b", "jsonResponse": {"SK', "not JSON: unterminated string starting at (at character 30)"),
        (
            b'{"id": "b", "jsonResponse": {',
            "not JSON: expecting property name enclosed in double quotes (at character 30)",
        ),
        (b"{'id': 'b'}", "not JSON: expecting property name enclosed in double quotes (at character 2)"),
        (b'{"id": "b"},', "not JSON: extra data (at character 12)"),
        (b'{"id": "\xff"}', "not UTF-8: invalid start byte (at byte 9)"),
        (b'{"id": "\xed\xa0\x80"}', "not UTF-8: invalid continuation byte (at byte 9)"),
        (b"\0\0\0", "not JSON: expecting value (at character 1)"),
        (b'"text"', "not a label: it must be a JSON object"),
        (b"3", "not a label: it must be a JSON object"),
        (b"null", "not a label: it must be a JSON object"),
        (b"[1, 2]", "not a label: it must be a JSON object"),
        (b'{"a":' * 100_000, "nested too deep to be read"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deep to be read"),
        (b'{"id": ' + b"9" * 5000 + b"}", "a number too long to be read"),
    ],
    ids=lambda value: value[:30],
)
def test_a_broken_line_is_reported_and_the_scan_goes_on(line, reason, tmp_path):
    ids, report, problems = scanned(tmp_path, GOOD + b"\n\n" + line + b"\n" + GOOD)
    assert ids == ["a", "a"]
    assert (report.read, report.matched, report.malformed, report.broken) == (3, 2, 1, 1)
    assert problems == [f":3: {reason}"]


def test_a_first_line_cut_short_does_not_swallow_the_rest(tmp_path):
    for cut in range(1, len(GOOD)):
        ids, report, _ = scanned(tmp_path, GOOD[:cut] + b"\n" + GOOD + b"\n" + GOOD)
        assert ids == ["a", "a"], GOOD[:cut]
        assert report.broken == 1


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_cut_short_gives_its_good_part(indent, tmp_path):
    text = json.dumps(LABELS, indent=indent).encode()
    whole = [len(json.dumps(LABELS[:size], indent=indent)) - (2 if indent else 1) for size in range(6)]
    ends = {cut for size in whole for cut in range(size - 2, size + 3)}
    for cut in sorted({*range(2, len(text), 9), *ends} & set(range(2, len(text)))):
        _, report, problems = scanned(tmp_path, text[:cut])
        assert report.read - report.broken == sum(cut >= size for size in whole[1:])
        assert len(problems) == report.broken == 1


def test_a_broken_element_of_an_array_is_reported_with_line_and_index(tmp_path):
    text = b"[\n" + GOOD + b',\n{broken, "a": [1]},\n17, nul, "x, ]",\n' + GOOD + b"\n]"
    ids, _, problems = scanned(tmp_path, text)
    assert ids == ["a", "a"]
    assert problems == [
        ":3: [1]: not JSON: expecting property name enclosed in double quotes (at character 2)",
        ":4: [2]: not a label: it must be a JSON object",
        ":4: [3]: not JSON: expecting value (at character 1)",
        ":4: [4]: not a label: it must be a JSON object",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"[" + GOOD, ":1: [1]: the array is not closed"),
        (b"[" + GOOD + b",\n", ":2: [1]: the array is not closed"),
        (b"[", ":1: [0]: the array is not closed"),
        (b"[" + GOOD + b"]\n[]", ":2: text after the end of the array"),
        (b"[" + GOOD + b"]]", ":1: text after the end of the array"),
    ],
)
def test_where_an_array_ends(text, problem, tmp_path):
    _, report, problems = scanned(tmp_path, text)
    assert problems == [problem]
    assert report.malformed == report.broken == 1


@pytest.mark.parametrize(
    ("before", "between", "after", "problems"),
    [
        (b"", b"", b"", ["[1]: no comma before this element of the array"]),
        (b"", b",%b,", b"", ["[1]: 2 commas before this element of the array"]),
        (b"", b",,%b,", b"", ["[1]: 3 commas before this element of the array"]),
        (b"", b",", b",", ["[2]: a comma before the end of the array"]),
        (b",", b",", b"", ["[0]: a comma before the first element"]),
        (
            b",", b"", b",%b,",
            [
                "[0]: a comma before the first element",
                "[1]: no comma before this element of the array",
                "[2]: a comma before the end of the array",
            ],
        ),
    ],
)  # fmt: skip
def test_commas_missing_and_too_many_are_reported_and_no_label_is_lost(before, between, after, problems, tmp_path):
    for gap in (b"", b" ", b"\n"):
        begin, middle, end = (part.replace(b"%b", gap) for part in (before, between, after))
        ids, report, told = scanned(tmp_path, b"[" + gap.join([begin, GOOD, middle, GOOD, end]) + b"]")
        assert ids == ["a", "a"], gap
        assert [line.split(": ", 1)[1] for line in told] == problems
        assert (report.read, report.broken) == (2 + len(problems), len(problems))
        with pytest.raises(MalformedLabelError, match="comma"):
            list(scan(tmp_path / "labels", QUERY, on_malformed="raise"))


def test_a_missing_comma_is_reported_with_its_line(tmp_path):
    _, _, problems = scanned(tmp_path, b"[\n" + GOOD + b",\n" + GOOD + b"\n" + GOOD + b",\n,\n" + GOOD + b"\n,\n]")
    assert problems == [
        ":4: [2]: no comma before this element of the array",
        ":6: [3]: 2 commas before this element of the array",
        ":8: [4]: a comma before the end of the array",
    ]


def test_an_empty_array_of_white_space_is_whole(tmp_path):
    for text in (b"[]", b"[ \n ]"):
        assert scanned(tmp_path, text)[0:3:2] == ([], [])
    assert scanned(tmp_path, b"[,]")[2] == [":1: [0]: a comma before the end of the array"]


def test_an_object_over_lines_cut_short(tmp_path):
    _, report, problems = scanned(tmp_path, json.dumps(label("a"), indent=2).encode()[:-1])
    assert (report.read, report.broken) == (1, 1)
    assert problems[0].startswith(":1: not JSON")


UNKNOWN = [
    ({"id": "x"}, "no `jsonResponse`"),
    ({"id": "x", "jsonResponse": None}, "`jsonResponse` is null"),
    ({"id": "x", "jsonResponse": "null"}, "`jsonResponse` is null"),
    ({"id": "x", "jsonResponse": ""}, "`jsonResponse` is an empty text"),
    ({"id": "x", "jsonResponse": "{"}, "`jsonResponse` is text that is not JSON: expecting property name enclosed"),
    ({"id": "x", "jsonResponse": "[" * 100_000}, "`jsonResponse` is text that is nested too deep to be read"),
    ({}, "no `jsonResponse`"),
]


@pytest.mark.parametrize(("unknown", "reason"), UNKNOWN, ids=[reason for _, reason in UNKNOWN])
def test_an_unknown_label_matches_nothing_and_is_reported(unknown, reason):
    for query in ("A.B.count == 0", "A.B.count >= 0", "A.B.count > 0"):
        labels = scan([label("a", {}), unknown], query)
        assert unknown not in list(labels), query
        assert (labels.report.read, labels.report.unknown, labels.report.malformed) == (2, 1, 0)
        [problem] = labels.report.problems
        assert problem.fault is ProblemKind.UNKNOWN
        assert problem.reason.startswith(reason)
        strict = scan([unknown], query, on_unknown="raise")
        with pytest.raises(UnknownContentError, match=r"<labels>: \[0\]: "):
            next(strict)


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ([], ""),
        (3, ""),
        ('"text"', ""),
        ({"SKY": []}, "SKY"),
        ({"SKY": {"categories": "BLUE"}}, "SKY.categories"),
        ({"SKY": {"categories": ["BLUE"]}}, "SKY.categories[0]"),
        ({"SKY": {"categories": [{}]}}, "SKY.categories[0].name"),
    ],
)
def test_a_malformed_label_is_left_out_and_reported(content, path):
    ids, labels = found([label("a"), label("x", content), label("b")])
    assert ids == ["a", "b"]
    assert (labels.report.malformed, labels.report.broken) == (1, 0)
    [problem] = labels.report.problems
    assert (problem.fault, problem.path) == (ProblemKind.MALFORMED, path)
    strict = scan([label("a"), label("x", content)], QUERY, on_malformed="raise")
    assert next(strict)["id"] == "a"
    with pytest.raises(MalformedLabelError, match=r"<labels>: \[1\]: ") as caught:
        next(strict)
    assert caught.value.path == path
    assert not strict.report.is_complete


def test_asked_to_raise_a_broken_line_is_raised_with_its_place(tmp_path):
    path = tmp_path / "labels.ndjson"
    path.write_bytes(GOOD + b"\n{\n")
    labels = scan(path, QUERY, on_malformed="raise")
    assert next(labels)["id"] == "a"
    with pytest.raises(MalformedLabelError, match=r"labels\.ndjson:2: not JSON"):
        next(labels)


@pytest.mark.parametrize("option", ["on_malformed", "on_unknown"])
def test_a_choice_that_is_none_is_refused_at_once(option):
    with pytest.raises(ValueError, match=f"`{option}` must be"):
        scan([], QUERY, **{option: "ignore"})


def test_numbers_and_keys_that_json_leaves_open(tmp_path):
    deep: object = "end"
    for _ in range(100):
        deep = {"deeper": deep}
    lines = [
        b'{"id": "nan", "at": [NaN, -Infinity], "jsonResponse": ' + json.dumps(BLUE).encode() + b"}",
        b'{"id": "first", "id": "last", "jsonResponse": {}, "jsonResponse": ' + json.dumps(BLUE).encode() + b"}",
        b'{"id": "surrogate", "text": "\\ud800", "jsonResponse": ' + json.dumps(BLUE).encode() + b"}",
        json.dumps({**label("deep"), "deeper": deep}).encode(),
        json.dumps({**label("caf\u00e9 \u2028"), "x": 1}, ensure_ascii=False).encode(),
    ]
    ids, report, _ = scanned(tmp_path, b"\n".join(lines))
    assert ids == ["nan", "last", "surrogate", "deep", "caf\u00e9 \u2028"]
    assert report.malformed == 0


PACKERS = {"gzip": gzip.compress, "zstd": zstandard.compress}


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_truncated_compression_is_an_error_after_the_good_part(pack, tmp_path):
    text = ndjson([label(f"{number}", {"N": {"text": str(hash(str(number) * 9))}}) for number in range(8_000)])
    path = tmp_path / "labels"
    packed = pack(text)
    path.write_bytes(packed[: len(packed) * 3 // 4])
    labels = scan(path, "SKY.BLUE.count == 0")
    given = []
    with pytest.raises(SourceError, match="labels` is truncated: its compressed data ends early"):
        given.extend(one["id"] for one in labels)
    assert given == [str(number) for number in range(len(given))]
    assert 4_800 < len(given) < 8_000
    assert labels.report.read == len(given)
    assert labels.report.malformed == 0
    assert not labels.report.is_complete
    assert "reading stopped early" in str(labels.report)


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_truncated_anywhere_compression_is_an_error(pack, tmp_path):
    path = tmp_path / "labels"
    packed = pack(ndjson())
    for cut in sorted({*range(5, 30), *range(30, len(packed), 5), *range(len(packed) - 12, len(packed))}):
        path.write_bytes(packed[:cut])
        with pytest.raises(SourceError, match="is truncated"):
            list(scan(path, QUERY))


def test_damaged_gzip_is_an_error(tmp_path):
    packed = bytearray(gzip.compress(ndjson()))
    packed[-6] ^= 1  # in the checksum
    path = tmp_path / "labels.gz"
    path.write_bytes(packed)
    with pytest.raises(SourceError, match=r"labels\.gz` is damaged: incorrect data check$"):
        list(scan(path, QUERY))
    path.write_bytes(gzip.compress(ndjson()) + b"more")
    with pytest.raises(SourceError, match="other bytes after the end"):
        list(scan(path, QUERY))


def test_damaged_zstd_is_an_error(tmp_path):
    path = tmp_path / "labels.zst"
    path.write_bytes(zstandard.compress(ndjson()) + b"more")
    with pytest.raises(SourceError, match=r"labels\.zst` is damaged"):
        list(scan(path, QUERY))


def test_an_open_file_that_fails_is_an_error(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_bytes(ndjson() + b"\xff")
    with path.open(encoding="utf-8") as file, pytest.raises(SourceError, match=r"labels\.txt`: .*can't decode"):
        list(scan(file, QUERY))


def test_the_report_lists_the_first_problems_and_counts_all():
    labels = scan([{"id": number} for number in range(50)], QUERY)
    assert list(labels) == []
    assert len(labels.report.problems) == MAX_PROBLEMS
    text = str(labels.report).splitlines()
    assert text[0] == "50 read: 0 matched, 0 not matched, 50 unknown, 0 malformed"
    assert text[1] == "  unknown: <labels>: [0]: no `jsonResponse`"
    assert text[-1] == "  … and 30 more"
    assert json.loads(json.dumps(labels.report.to_dict()))["problems"][0] == {
        "file": "<labels>",
        "line": None,
        "path": "[0]",
        "fault": "unknown",
        "reason": "no `jsonResponse`",
        "content_path": "",
    }


def test_the_report_is_live_and_a_scan_can_be_left_early(tmp_path):
    path = tmp_path / "labels.ndjson"
    path.write_bytes(ndjson())
    with scan(path, QUERY) as labels:
        assert next(labels)["id"] == MATCHING[0]
        assert (labels.report.read, labels.report.matched) == (1, 1)
        assert next(labels)["id"] == MATCHING[1]
        assert (labels.report.read, labels.report.not_matched) == (3, 1)
    assert list(labels) == []
    assert not labels.report.is_complete


def test_the_limit_on_recursion_stays_as_it_was():
    before = sys.getrecursionlimit()
    found([label("x", "[" * 100_000)])
    assert sys.getrecursionlimit() == before
