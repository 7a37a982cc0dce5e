"""The guide on the client for Python names what exists; its code is run by tests/functional."""

import re
from pathlib import Path

import heimdall_client

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "python.md").read_text(encoding="utf-8")


def test_errors_in_the_guide_exist():
    names = re.findall(r"`(\w+Error)`", GUIDE)

    assert "ApiError" in names
    assert [name for name in names if not hasattr(heimdall_client, name)] == []


def test_methods_in_the_guide_exist():
    names = re.findall(r"`(?:client\.)?(\w+_\w+)`", GUIDE)
    client = heimdall_client.Client("http://127.0.0.1")
    known = {*dir(heimdall_client), *dir(client), *dir(heimdall_client.ApiError)}

    assert "follow_stream" in names
    assert {name for name in names if name not in known} <= {
        "heimdall_client",
        "if_revision",
        "max_bytes",
    }
