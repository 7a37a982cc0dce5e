"""Nothing in the project is about one machine or one mirror."""

import re

import pytest

from tests.docs.tree import ROOT, project_files

BINARY = {".png", ".ico", ".gz", ".zip", ".whl"}
# Made of pieces, so that this file does not hold what it looks for.
HOMES = ["/" + name + "/" for name in ("root", "Users", "work")] + [r"/" + "home" + r"/\w"]
REGISTRIES = [
    name + r"\." + end
    for name, end in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "(org|com)"),
        ("yarnpkg", "com"),
        ("jfrog", "io"),
    ]
]
FORBIDDEN = re.compile(
    "|".join(
        [
            *(r"(?<![\w.}])" + home for home in HOMES),
            *REGISTRIES,
            "-" + "-(extra-)?index-url",
            '"' + 'resolved":',
            "-----BEGIN [A-Z ]*PRIVATE " + "KEY",
            r"\bAKIA" + "[0-9A-Z]{16}",
        ]
    )
)


def forbidden_in(text):
    return [match[0] for match in FORBIDDEN.finditer(text)]


def test_no_file_names_a_home_a_registry_or_a_key():
    found = {}
    for path in project_files():
        if path.suffix not in BINARY:
            words = forbidden_in((ROOT / path).read_text(encoding="utf-8"))
            if words:
                found[str(path)] = words

    assert found == {}


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("cd /" + "root/x", True),
        ('path = "/' + 'home/me"', True),
        ("(/" + "Users/me)", True),
        ("https://registry.np" + "mjs.org/x", True),
        ("uv pip install -" + "-index-url x", True),
        ('"resol' + 'ved": "x"', True),
        ("AK" + "IA0123456789ABCDEF", True),
        ("assumed-role/etl/" + "root/x", False),
        ("${HOME}/" + "work/x", False),
        ("the /" + "home page", False),
    ],
)
def test_forbidden_word_is_found(text, is_found):
    assert bool(forbidden_in(text)) is is_found
