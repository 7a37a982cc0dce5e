"""The guide on the client for Python shows code that works, before the functions themselves."""

import functools
import re
from pathlib import Path

import heimdall_client
from tests.functional.in_process import in_process
from tests.functional.world import CATALOG

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "python.md"
BLOCKS = re.findall(
    r"^```python\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


def test_code_in_the_guide_runs_from_top_to_bottom(world, monkeypatch, capsys, tmp_path):
    checked = {**CATALOG["cluster/localhost"], "health_check": True}
    world.put_catalog({"cluster/localhost": checked})
    client = functools.partial(heimdall_client.Client, transport=in_process(world))
    monkeypatch.setattr(heimdall_client, "Client", client)
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    names: dict[str, object] = {}

    for block in BLOCKS:
        exec(compile(block, "python.md", "exec"), names)

    printed = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("{")]
    assert printed[0] == "SUCCEEDED [['Hello, alice!']]"
    assert printed[1] == "True True"
    assert printed[2:4] == ["True ping localhost", "localhost chosen None []"]
    assert sum(" SUCCEEDED " in line for line in printed) == 2
    assert (tmp_path / "stdout.txt").read_bytes() == names["end"]
    assert (tmp_path / "result.csv").read_text() == '"message"\n"Hello, alice!"\n'
    assert any(line.endswith("command.rollback command/ping done") for line in printed)
