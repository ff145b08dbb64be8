"""One client and several processes: a forked one goes on, with connections and threads of its own; others make one."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy

import pytest

from kili_query.client import KiliClient
from kili_query.sandbox import Sandbox
from tests.client.conftest import RunScript
from tests.client.plain_box import PROJECT, ask, plain_box

PATIENCE_S = 60


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with plain_box(tmp_path_factory.mktemp("box"), number=250) as served:
        yield served


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")


@needs_fork
def test_a_forked_process_and_its_parent_read_and_write(box: Sandbox, run_script: RunScript) -> None:
    script = """
import os, signal, sys, warnings
from kili_query.client import KiliClient

warnings.simplefilter("ignore", DeprecationWarning)  # newer releases of Python warn of forks beside threads
key, endpoint, project = sys.argv[1:]
content = {"WHAT": {"categories": [{"name": "CAR"}]}}
with KiliClient(key, endpoint) as client:
    def work(name):
        for _ in range(2):
            found = client.labels(project, type_in=["DEFAULT"], disable_tqdm=True)  # with contents, in three pages
            assert len({one["id"] for one in found}) == len(found) == 250
        made = client.append_labels(["asset-01"] * 101, [content] * 101, model_name=name, label_type="INFERENCE")
        assert len({one["id"] for one in made}) == 101

    work("before")
    child = os.fork()
    if not child:
        signal.alarm(50)  # a child that hangs dies of it
    work("parent" if child else "child")
    if not child:
        client.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    work("after")
"""
    run_script(script, box.api_key, box.endpoint, PROJECT)
    query = "query ($where: LabelWhere!) { data: countLabels(where: $where) }"
    where = {"project": {"id": PROJECT}, "typeIn": ["INFERENCE"], "asset": {"idIn": ["asset-01"]}}
    assert ask(box, query, {"where": where}) == 1 + 4 * 101


@needs_fork
def test_a_lock_that_a_thread_of_the_parent_holds_does_not_stop_a_forked_process(
    box: Sandbox, run_script: RunScript
) -> None:
    script = """
import os, signal, sys, threading, warnings
from kili_query.client import KiliClient

warnings.simplefilter("ignore", DeprecationWarning)
key, endpoint, project = sys.argv[1:]
asked, go = threading.Event(), threading.Event()

class Slow(dict):  # an ontology cache that one thread is held in
    def get(self, key, default=None):
        if threading.current_thread() is not threading.main_thread():
            asked.set()
            go.wait(50)
        return super().get(key, default)

with KiliClient(key, endpoint, ontology_cache=Slow()) as client:
    def count():
        assert client._context.projects.ontology(project).jobs.keys() == {"WHAT"}

    thread = threading.Thread(target=count)
    thread.start()
    asked.wait(50)
    child = os.fork()
    if not child:
        signal.alarm(50)
        count()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    go.set()
    thread.join()
"""
    run_script(script, box.api_key, box.endpoint, PROJECT)


@needs_fork
def test_a_pool_of_forked_processes_inherits_a_client(box: Sandbox, run_script: RunScript) -> None:
    script = """
import sys, warnings
from multiprocessing import get_context
from kili_query.client import KiliClient

warnings.simplefilter("ignore", DeprecationWarning)
key, endpoint, project = sys.argv[1:]
client = KiliClient(key, endpoint, disable_tqdm=True)
assert len(client.labels(project, fields=["id"])) == client.count_labels(project)

def count(search):
    found = client.labels(project, category_search=search, fields=["id"], type_in=["DEFAULT"])
    return len(found)

with get_context("fork").Pool(2) as pool:
    assert pool.map(count, ["WHAT.BUS", "WHAT.CAR", "WHAT.BUS or WHAT.CAR"]) == [50, 200, 250]
client.close()
"""
    run_script(script, box.api_key, box.endpoint, PROJECT)


def test_a_spawned_process_makes_its_own(box: Sandbox, tmp_path: os.PathLike[str]) -> None:
    script = os.path.join(tmp_path, "spawning.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write("""
import os, sys
from multiprocessing import get_context
from kili_query.client import KiliClient

def start():
    global client
    client = KiliClient(os.environ["KEY"], os.environ["ENDPOINT"])

def count(search):
    return client.count_labels("project-1", category_search=search, type_in=["DEFAULT"])

if __name__ == "__main__":
    with get_context("spawn").Pool(1, start) as pool:
        print(pool.map(count, ["WHAT.BUS", "WHAT.CAR"]))
""")
    environ = os.environ | {"KEY": box.api_key, "ENDPOINT": box.endpoint}
    ran = subprocess.run(
        [sys.executable, script], env=environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert (ran.stdout, ran.stderr) == ("[50, 200]\n", "")


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="threads cannot be sent a signal here")
@pytest.mark.parametrize(("before", "after"), [("import polars", ""), ("", "import kili_query.cache")])
def test_ctrl_c_ends_a_wait_for_labels_beside_polars(
    box: Sandbox, run_script: RunScript, before: str, after: str
) -> None:
    script = f"""
import signal, sys, threading
{before}
from kili_query.client import KiliClient

key, endpoint, project = sys.argv[1:]
signal.alarm(30)  # a wait that does not end dies of it
ended = threading.Event()

def press_ctrl_c():
    while not ended.wait(0.05):  # again and again, as one that comes right before the wait is lost
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

with KiliClient(key, endpoint) as client, client.label_created_or_updated(project) as labels:
    {after}
    pressing = threading.Thread(target=press_ctrl_c)
    try:
        pressing.start()
        next(iter(labels))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert not ended.is_set()
    ended.set()
    pressing.join()
"""
    run_script(script, box.api_key, box.endpoint, PROJECT)


def test_a_client_is_not_pickled_as_its_key_would_be(box: Sandbox) -> None:
    with KiliClient(box.api_key, box.endpoint) as client:
        for copy in (pickle.dumps, deepcopy):
            with pytest.raises(TypeError, match="make a client in each process"):
                copy(client)
