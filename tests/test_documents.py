"""Every snippet of the documentation is run: Python, shell commands, and queries with the diagnostics they get."""

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from attrs import frozen

import kili_query as kq
from kili_query.diagnostics import Code, Diagnostic
from kili_query.sandbox import Sandbox
from tests.each import for_each
from tests.ending import end_by
from tests.forking import forked_command

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TYPED_CALLS = ROOT / "tests" / "client" / "typed_calls.py"

FENCED = re.compile(
    r"^(?P<indent>[ ]*)(?P<fence>```+)(?P<language>[\w-]*)[ ]*\n(?P<body>.*?)^(?P=indent)(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
OPTION = re.compile(r"<!-- (\w+): (\S+) -->\s*\Z")


@frozen
class Block:
    """A fenced block of a document."""

    document: Path
    language: str
    body: str
    line: int
    options: dict[str, str]
    body_start: int
    body_end: int

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks_of(document: Path) -> Iterator[Block]:
    text = document.read_text(encoding="utf-8")
    for found in FENCED.finditer(text):
        options, before = {}, text[: found.start()]
        while option := OPTION.search(before):
            options[option[1]] = option[2]
            before = before[: option.start()]
        line = text.count("\n", 0, found.start()) + 2
        yield Block(document, found["language"], dedent(found["body"]), line, options, *found.span("body"))


BLOCKS = [block for document in DOCUMENTS if document.exists() for block in blocks_of(document)]
EXAMPLES = [
    (block, following)
    for block, following in zip(BLOCKS, [*BLOCKS[1:], None], strict=True)
    if block.language == "kq-query"
]


@pytest.mark.parametrize(
    "document",
    dict.fromkeys(block.document for block in BLOCKS if block.language == "python"),
    ids=lambda document: str(document.relative_to(ROOT)),
)
def test_python(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python blocks of one document run from top to bottom, as one session."""
    monkeypatch.chdir(ROOT)
    session: dict[str, object] = {"__name__": "__main__"}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    report: list[str] = []
    for block in blocks_of(document):
        if block.language == "python" and ">>>" in block.body:
            test = doctest.DocTestParser().get_doctest(block.body, session, str(block), str(document), block.line - 1)
            runner.run(test, out=report.append, clear_globs=False)
            session = test.globs
        elif block.language == "python":
            exec(compile(block.body, str(block), "exec"), session)
    assert not report, "".join(report)


def source_of(document: Path) -> str:
    """The Python blocks of a document as one module, prompts and output left out."""
    blocks = [block.body for block in blocks_of(document) if block.language == "python"]
    return "\n".join(
        "".join(example.source for example in doctest.DocTestParser().get_examples(body)) if ">>>" in body else body
        for body in blocks
    )


def test_python_is_typed(tmp_path: Path) -> None:
    """The package passes mypy, and whoever copies an example into a program that it checks strictly gets no complaint.

    One run checks both and `TYPED_CALLS`, because it is slow to start.
    """
    sources = {document: source_of(document) for document in DOCUMENTS}
    modules = []
    for document, source in sources.items():
        if source:
            modules.append(
                tmp_path / f"{'_'.join(document.relative_to(ROOT).with_suffix('').parts).replace('-', '_')}.py"
            )
            modules[-1].write_text(f"# mypy: no-warn-unreachable\n{source}", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "kili_query", *modules, TYPED_CALLS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def environ() -> dict[str, str]:
    """An environment in which `kili-query` is the command of these tests, and prints plain text."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    plain = {"NO_COLOR": "1", "COLUMNS": "120", "TERM": "dumb"}
    return os.environ | plain | {"PATH": path, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The same, in which the command starts at once."""
    folder = tmp_path_factory.mktemp("bin")
    variables = environ()
    imported = ("pandas", "kili_query.cache", "kili_query.client.client", "kili_query.export", "kili_query.pictures")
    with forked_command(folder, *imported):
        yield variables | {"PATH": f"{folder}{os.pathsep}{variables['PATH']}"}


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "console"], ids=str)
def test_console(block: Block, prepared: dict[str, str]) -> None:
    """Each command, run in the repository, prints what follows it."""
    commands = re.split(r"^\$ ", block.body, flags=re.MULTILINE)
    assert commands.pop(0) == "", "a console block starts with a command"
    for command_and_output in commands:
        # a command goes on after a backslash or in lines that start with "> "
        found = re.match(r"(?P<command>.*(?:\\\n.*|\n> .*)*)\n?", command_and_output)
        assert found is not None
        command, wanted = found["command"].replace("\n> ", "\n"), command_and_output[found.end() :]
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env=prepared,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        same = doctest.OutputChecker().check_output(
            wanted.rstrip("\n"), ran.stdout.rstrip("\n"), doctest.ELLIPSIS | doctest.DONT_ACCEPT_BLANKLINE
        )
        assert same, f"{block}: `{command}` printed\n{ran.stdout}\nand not\n{wanted}"


SHELL = [block for block in BLOCKS if block.document.name == "README.md" and block.language == "sh"]


def test_each_shell_block_of_the_readme_says_how_it_is_run() -> None:
    """By hand what sets up environments; all else in a test, offline or with a server."""
    assert {block.options["run"] for block in SHELL} == {"by-hand", "offline", "server"}


@pytest.mark.parametrize("block", [block for block in SHELL if block.options["run"] != "by-hand"], ids=str)
def test_commands_of_the_readme(block: Block, prepared: dict[str, str], tmp_path: Path) -> None:
    """Each line succeeds on the project's own sample; what runs until Ctrl-C gets it after its first output."""
    (tmp_path / "kili_query").symlink_to(ROOT / "kili_query")
    with Sandbox(ROOT / "kili_query/demo/project.json", ROOT / "kili_query/demo/labels.ndjson") as box:
        known = {"KILI_API_KEY": box.api_key, "KILI_API_ENDPOINT": box.endpoint, "PROJECT": box.project_id}
        for line in block.body.splitlines():
            is_endless = line.endswith("until Ctrl-C")
            variables = environ() if is_endless else prepared
            if block.options["run"] == "server":
                variables = variables | known
            process = subprocess.Popen(
                ["bash", "-c", f"exec {line}"],
                cwd=tmp_path,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
            )
            with process:
                assert process.stdout is not None
                printed = process.stdout.readline()
                if is_endless:
                    end_by(process)
                printed += process.stdout.read()
            assert process.returncode == (130 if is_endless else 0), f"{line}\n{printed}"
            assert printed, line


def render(block: Block) -> str:
    """What the query of a block gets, as printed."""
    return "\n\n".join(map(str, diagnostics_of(block)))


def diagnostics_of(block: Block) -> list[Diagnostic]:
    query = block.body.removesuffix("\n")
    ontology = kq.Ontology.load(ROOT / block.options["ontology"]) if "ontology" in block.options else None
    if block.options.get("dialect") != "core":
        return kq.check(query, ontology)
    try:
        return kq.check(kq.parse(query, dialect="core"), ontology)
    except kq.QueryError as error:
        return list(error.diagnostics)


@pytest.fixture(scope="session")
def examples_up_to_date(request: pytest.FixtureRequest) -> None:
    """With ``--update-golden``, write the rendered texts anew, from the last of each document to the first."""
    if not request.config.getoption("--update-golden"):
        return
    for query, rendered in reversed(EXAMPLES):
        if rendered is not None and rendered.language == "text":
            text = query.document.read_text(encoding="utf-8")
            text = f"{text[: rendered.body_start]}{render(query)}\n{text[rendered.body_end :]}"
            query.document.write_text(text, encoding="utf-8", newline="\n")


@for_each(EXAMPLES, lambda example: str(example[0]))
def test_query_gets_the_diagnostics_shown(example: tuple[Block, Block | None], examples_up_to_date: None) -> None:
    query, rendered = example
    assert rendered is not None
    assert (rendered.document, rendered.language) == (query.document, "text")
    again = next(block for block in blocks_of(query.document) if block.line == rendered.line)
    assert again.body.removesuffix("\n") == render(query)


@for_each(Code)
def test_the_page_of_a_code_shows_it(code: Code) -> None:
    page = ROOT / "docs" / "codes" / f"{code}.md"
    text = page.read_text(encoding="utf-8")
    examples = [block for block in BLOCKS if block.document == page and block.language in ("kq-query", "python")]
    assert examples
    assert f"[{code}]: " in text
