"""What was acknowledged is kept: through kills, many writers, and other servers of the same file."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event

import pytest
import requests

from kili_query.errors import DataError, SourceError
from kili_query.sandbox import Sandbox
from kili_query.sandbox.database import Database
from tests.sandbox.boxes import Asker, asking, box_of, write_project
from tests.sandbox.test_serve import started

LABEL = {"assetID": "a0", "jsonResponse": '{"SCENE": {"categories": [{"name": "INDOOR"}]}}'}
INDOOR = "SCENE.INDOOR.count > 0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_project(tmp_path / "p", assets=[{"id": f"a{number}"} for number in range(3)])


def every_id(asker: Asker) -> list[str]:
    total = asker.count()
    return [label["id"] for skip in range(0, total, 100) for label in asker.labels(skip=skip)]


def test_kill_after_an_acknowledgement(folder: Path, tmp_path: Path) -> None:
    """Killed as soon as an answer is there, again and again, while another client goes on writing."""
    acknowledged: list[str] = []
    for _ in range(2):
        with started("--project", folder, "--database", tmp_path / "box.db", "--json") as served:
            asker = Asker(served.endpoint, served.api_key)
            assert set(acknowledged) <= set(every_id(asker))
            is_over = Event()

            def write(asker: Asker = asker, is_over: Event = is_over) -> Iterator[str]:
                while not is_over.is_set():
                    try:
                        yield from asker.append(LABEL, LABEL)
                    except requests.RequestException:
                        return

            with ThreadPoolExecutor(2) as pool:
                beside = pool.submit(lambda write=write: list(write()))
                for _ in range(5):
                    acknowledged += asker.append(LABEL)
                served.process.send_signal(signal.SIGKILL)
                served.process.wait()
                is_over.set()
                acknowledged += beside.result()
    with box_of(folder, database=tmp_path / "box.db") as asker:
        kept = every_id(asker)
        assert set(acknowledged) <= set(kept)
        assert asker.count(search=INDOOR) == len(kept) == len(set(kept))
    with sqlite3.connect(tmp_path / "box.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_many_writers(folder: Path) -> None:
    with box_of(folder) as asker:

        def write(writer: int) -> list[str]:
            added = []
            for number in range(12):
                ids = asker.append(LABEL, LABEL | {"assetID": f"a{writer % 3}"}, label_type="PREDICTION")
                added += ids
                assert set(ids) <= set(asker.ids(idIn=ids, search=INDOOR))  # who wrote reads it
                if number % 3 == 0:
                    asker.data("mutation ($ids: [ID!]!) { data: deleteLabels(ids: $ids) }", ids=[added.pop()])
            return added

        with ThreadPoolExecutor(8) as pool:
            added = [key for keys in pool.map(write, range(8)) for key in keys]
        assert sorted(every_id(asker)) == sorted(added)
        assert len(set(added)) == 8 * (12 * 2 - 4)
        assert asker.count(search=INDOOR) == len(added)


@contextmanager
def two_of(folder: Path, database: Path) -> Iterator[list[Asker]]:
    with Sandbox(project=folder, database=database) as one, Sandbox(database=database) as other:
        yield [asking(one), asking(other)]


class TestTwoServersOfOneFile:
    def test_each_sees_what_the_other_wrote(self, folder: Path, tmp_path: Path) -> None:
        with two_of(folder, tmp_path / "box.db") as [one, other]:
            for writer, reader in ((one, other), (other, one), (one, other)):
                before = reader.count(search=INDOOR)
                [key] = writer.append(LABEL)
                assert reader.count(search=INDOOR) == before + 1
                assert reader.ids()[-1] == key

    def test_writers_lose_nothing(self, folder: Path, tmp_path: Path) -> None:
        with two_of(folder, tmp_path / "box.db") as askers, ThreadPoolExecutor(4) as pool:
            written = pool.map(lambda n: [askers[n % 2].append(LABEL)[0] for _ in range(10)], range(4))
            expected = sorted(key for keys in written for key in keys)
            assert [sorted(every_id(asker)) for asker in askers] == [expected] * 2
            assert len(set(expected)) == 40

    def test_both_begin_at_once(self, folder: Path, tmp_path: Path) -> None:
        """Each finds the file empty; one of them fills it."""

        def begin(_: int) -> int:
            with Sandbox(project=folder, database=tmp_path / "box.db") as box:
                return int(asking(box).count_assets())

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(begin, range(4))) == [3] * 4


class TestDatabase:
    def test_files_are_read_once(self, folder: Path, tmp_path: Path) -> None:
        with box_of(folder, database=tmp_path / "box.db") as asker:
            [key] = asker.append(LABEL)
        write_project(folder, [{"id": "later", "assetId": "a0", "jsonResponse": {}}])
        with box_of(folder, database=tmp_path / "box.db") as asker:
            assert asker.ids() == [key]

    def test_another_project(self, folder: Path, tmp_path: Path) -> None:
        Sandbox(project=folder, database=tmp_path / "box.db").close()
        other = write_project(tmp_path / "q", id="q")
        with pytest.raises(SourceError, match=r"box\.db: holds the project `p`, not `q`"):
            Sandbox(project=other, database=tmp_path / "box.db")

    def test_another_database(self, folder: Path, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "other.db") as connection:
            connection.execute("CREATE TABLE things (x)")
        connection.close()
        with pytest.raises(SourceError, match="is a database, but not that of a sandbox of this version"):
            Sandbox(project=folder, database=tmp_path / "other.db")

    def test_a_failed_import_leaves_nothing(self, folder: Path, tmp_path: Path) -> None:
        (folder / "labels.ndjson").write_text('{"id": "l0", "assetId": "a0", "jsonResponse": {}}\n{"id": 3}\n')
        with pytest.raises(DataError, match=r"labels\.ndjson:2"):
            Sandbox(project=folder, database=tmp_path / "box.db")
        write_project(folder)
        with box_of(folder, database=tmp_path / "box.db") as asker:
            assert asker.ids() == []

    def test_a_database_that_fails(self, folder: Path, tmp_path: Path) -> None:
        """A server's own failure is told as an error, and logged; nothing is said to be done."""
        with box_of(folder, database=tmp_path / "box.db") as asker:
            with sqlite3.connect(tmp_path / "box.db") as connection:
                connection.execute(
                    "CREATE TRIGGER full BEFORE INSERT ON labels BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
                )
            connection.close()
            query = (
                "mutation ($data: AppendManyLabelsData!, $where: AssetWhere!)"
                " { data: appendManyLabels(data: $data, where: $where) { id } }"
            )
            data = {"labelType": "DEFAULT", "labelsData": [LABEL]}
            assert asker.refusal(query, data=data, where={}) == "the sandbox failed: IntegrityError: the disk is full"
            assert asker.ids() == []


@pytest.mark.parametrize("begin", [Database.reading, Database.writing])
def test_a_request_that_is_cut_off_may_end_after_the_database(
    begin: Callable[[Database], AbstractContextManager[sqlite3.Connection]],
) -> None:
    database = Database()
    transaction = begin(database)
    transaction.__enter__()
    database.close()
    assert not transaction.__exit__(GeneratorExit, GeneratorExit(), None)
