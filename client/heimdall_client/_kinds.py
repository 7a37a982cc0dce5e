"""The kinds of entries that the catalog holds, by their names."""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["command", "cluster", "binding", "policy"]

PLURALS: Mapping[Kind, str] = {
    "command": "commands",
    "cluster": "clusters",
    "binding": "bindings",
    "policy": "policies",
}
"""What lists of them are called, in paths and in files."""
