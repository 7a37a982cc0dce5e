"""Starts ClickHouse for tests: one process for all of them, which ends with this one."""

import atexit
import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import urllib3

SERVER = Path(__file__).with_name("clickhouse_server.py")


@lru_cache(maxsize=1)
def start_clickhouse() -> str:
    """Start the server at the first call; return its endpoint."""
    process = subprocess.Popen(
        [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    process.stdout.close()

    def end() -> None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    atexit.register(end)
    return f"http://127.0.0.1:{port}"


def told(path: str) -> Any:
    """Ask the server for what it keeps of itself: `/running`, `/asked`."""
    return json.loads(urllib3.request("GET", start_clickhouse() + path).data)
