"""What the Markdown files promise is there: links, make targets, code that compiles."""

import re
import textwrap
from pathlib import Path, PurePosixPath

import pytest

from tests.docs.tree import ROOT, of_kind, project_files, text_of

FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
MAKE = re.compile(r"(?:^|[`$;&(] *|\brun )make ([a-z][a-z-]*)", re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z- ]*):(?!=)", re.MULTILINE)

MARKDOWN = of_kind(".md")


def prose_of(text):
    """Return the text without its code."""
    return INLINE.sub("", FENCE.sub("", text))


def code_of(text):
    """Return the blocks and the pieces of code in a text."""
    blocks = [match[3] for match in FENCE.finditer(text)]
    return [*blocks, *(match[1] for match in INLINE.finditer(FENCE.sub("", text)))]


def anchors_of(text):
    """Return the anchors that GitHub makes of the headings."""
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def fault_of_link(path, link):
    """Say what is wrong with a link in the file at this path, or nothing."""
    if re.match(r"[a-z]+:", link):
        return None
    target, _, anchor = link.partition("#")
    found = ROOT / path if not target else (ROOT / path).parent / target
    if not found.resolve().is_relative_to(ROOT) or not found.exists():
        return f"{link}: there is no such file"
    if anchor and anchor not in anchors_of(found.read_text(encoding="utf-8")):
        return f"{link}: the file has no such heading"
    return None


def make_targets():
    names = TARGET.findall(text_of(Path("Makefile")))
    return {name for found in names for name in found.split()}


def targets_named_in(text):
    return [target for code in code_of(text) for target in MAKE.findall(code)]


def test_there_are_documents():
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= {str(path) for path in MARKDOWN}


@pytest.mark.parametrize("path", MARKDOWN, ids=str)
def test_links_lead_somewhere(path):
    faults = [fault_of_link(path, link) for link in LINK.findall(prose_of(text_of(path)))]

    assert [fault for fault in faults if fault] == []


@pytest.mark.parametrize(
    ("link", "is_sound"),
    [
        ("https://example.com/x", True),
        ("docs/reference/errors.md", True),
        ("docs/reference/errors.md#no-pair-matches", True),
        ("#test-it", True),
        ("docs/decisions/", True),
        ("docs/reference/none.md", False),
        ("docs/reference/errors.md#none", False),
        ("#none", False),
        ("../../etc", False),
    ],
)
def test_broken_link_is_found(link, is_sound):
    assert (fault_of_link(PurePosixPath("README.md"), link) is None) is is_sound


@pytest.mark.parametrize("path", MARKDOWN, ids=str)
def test_make_targets_that_are_named_exist(path):
    assert set(targets_named_in(text_of(path))) - make_targets() == set()


def test_readme_names_the_targets_that_a_newcomer_needs():
    assert {"run", "up", "down", "test", "deploy"} <= set(
        targets_named_in(text_of(Path("README.md")))
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`make run`", ["run"]),
        ("```bash\nmake up\nmake down # later\n```", ["up", "down"]),
        ("```console\n$ make deploy X=1\n```", ["deploy"]),
        ("```bash\n. x && make bench\n```", ["bench"]),
        ("to make sure", []),
        ("`cmake it`", []),
    ],
)
def test_named_target_is_found(text, found):
    assert targets_named_in(text) == found


PYTHON_BLOCKS = [
    pytest.param(block[3], id=f"{path}:{number}")
    for path in MARKDOWN
    for number, block in enumerate(FENCE.finditer(text_of(path)))
    if block[2] == "python"
]


@pytest.mark.parametrize("code", PYTHON_BLOCKS)
def test_python_that_is_shown_compiles(code):
    assert compile(textwrap.dedent(code), "<shown>", "exec", dont_inherit=True)


@pytest.mark.parametrize("path", MARKDOWN, ids=str)
def test_every_code_block_is_closed_and_says_its_language(path):
    fences = re.findall(r"^ *```(.*)$", text_of(path), re.MULTILINE)

    assert len(fences) % 2 == 0
    assert [fence for fence in fences[::2] if not fence] == []


def test_every_document_is_reached_from_the_readme():
    reached, waiting = set(), [Path("README.md")]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        for link in LINK.findall(prose_of(text_of(path))):
            waiting += _documents_at(path, link)

    assert set(MARKDOWN) - reached == set()


def _documents_at(path, link):
    if re.match(r"[a-z]+:", link):
        return []
    target = ((ROOT / path).parent / link.partition("#")[0]).resolve().relative_to(ROOT)
    return [
        file for file in project_files() if file.suffix == ".md" and file.is_relative_to(target)
    ]
