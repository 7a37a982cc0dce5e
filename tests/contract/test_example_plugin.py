"""The plugin of the guide keeps the contract."""

import json
from pathlib import Path

import pytest

from tests.contract.plugin_contract import EngineContract

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


class SpoolMachine:
    """Plays the machine that watches the directory."""

    def end(self, handle, state):
        answer = {"state": state, "lines": ["all there is to say"]}
        done = Path(handle.values["directory"], f"{handle.values['token']}.done")
        done.write_text(json.dumps(answer), encoding="utf-8")


class TestSpool(EngineContract):
    name = "spool"
    package = "acme_heimdall.spool"

    @pytest.fixture(autouse=True)
    def _installed(self, monkeypatch):
        monkeypatch.syspath_prepend(EXAMPLES)

    @pytest.fixture
    def job_context(self):
        return {"script": "SELECT 1"}

    @pytest.fixture
    def cluster_context(self, tmp_path):
        return {"directory": str(tmp_path)}

    @pytest.fixture
    def engine(self):
        return SpoolMachine()
