"""Every module says what it is for, is short, and is tested without patching."""

import ast

import pytest

from tests.docs.tree import of_kind, sources, text_of

MAX_MODULE_LINES = 300
MAX_TEST_LINES = 400
MOCKS = {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock"}
SPECS = {"spec", "spec_set"}


def fault_of_docstring(source):
    """Say what is wrong with a module's docstring, or nothing."""
    docstring = ast.get_docstring(ast.parse(source))
    if not docstring:
        return "has no docstring"
    first, *rest = docstring.splitlines()
    if not first.rstrip().endswith((".", "?", ":")):
        return "its first line is no sentence"
    if rest and rest[0].strip():
        return "its first line goes on in the second"
    return None


def faults_of_mocks(source):
    """Yield the line and name of each patch, and of each mock that answers to anything."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("mock"):
            yield from ((node.lineno, "patch") for name in node.names if name.name == "patch")
        elif isinstance(node, ast.Attribute) and node.attr == "patch":
            if isinstance(node.value, ast.Name) and node.value.id in ("mock", "mocker"):
                yield node.lineno, "patch"
        elif isinstance(node, ast.Call) and _is_mock_of_anything(node):
            yield node.lineno, _name_of(node.func)


def _is_mock_of_anything(call):
    return _name_of(call.func) in MOCKS and not SPECS & {given.arg for given in call.keywords}


def _name_of(function):
    return getattr(function, "id", getattr(function, "attr", None))


def test_every_module_begins_with_a_line_that_says_what_it_is_for():
    faults = {str(path): fault_of_docstring(text_of(path)) for path in sources()}

    assert {path: fault for path, fault in faults.items() if fault} == {}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("", "has no docstring"),
        ("x = 1", "has no docstring"),
        ('"""no sentence"""', "its first line is no sentence"),
        ('"""A line.\nAnother."""', "its first line goes on in the second"),
        ('"""A line.\n\nMore."""', None),
        ('"""Runs jobs."""', None),
    ],
)
def test_fault_of_a_docstring_is_found(source, fault):
    assert fault_of_docstring(source) == fault


def test_no_module_is_longer_than_it_may_be():
    longest = {
        **dict.fromkeys(sources(), MAX_MODULE_LINES),
        **dict.fromkeys(set(of_kind(".py")) - set(sources()), MAX_TEST_LINES),
    }
    lines = {str(path): len(text_of(path).splitlines()) for path in longest}

    assert {
        path: lines[str(path)] for path, most in longest.items() if lines[str(path)] > most
    } == {}


def test_nothing_is_patched_and_no_mock_answers_to_anything():
    faults = {str(path): list(faults_of_mocks(text_of(path))) for path in of_kind(".py")}

    assert {path: found for path, found in faults.items() if found} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from unittest.mock import patch", ["patch"]),
        ("from unittest import mock\nwith mock.patch('a'): ...", ["patch"]),
        ("from unittest import mock\nmock.patch.object(a, 'b')", ["patch"]),
        ("def test(mocker): mocker.patch('a')", ["patch"]),
        ("Mock()", ["Mock"]),
        ("mock.MagicMock(return_value=1)", ["MagicMock"]),
        ("AsyncMock(name='a')", ["AsyncMock"]),
        ("Mock(spec=Clock)", []),
        ("mock.MagicMock(spec_set=Clock)", []),
        ("client.patch('/job')", []),
        ("monkeypatch.setattr(a, 'b', 1)", []),
    ],
)
def test_fault_of_a_mock_is_found(source, found):
    assert [name for _, name in faults_of_mocks(source)] == found
