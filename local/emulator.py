"""The emulator of AWS: one process on the loopback address that keeps its state in a directory."""

import json
import os
import subprocess
import time
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

from local import strays
from local.aws import ACCOUNT, REGION
from local.errors import LocalError
from local.launcher import write_launcher
from local.layout import EMULATOR_PYTHON, ROOT
from local.loopback import Answer, ask
from local.ports import LOOPBACK, free_port
from local.processes import Service

START_SECONDS = 60
STOP_SECONDS = 30
BUSY_SECONDS = 20
SERVER = ROOT / "local" / "emulator_server.py"
SERVED = ("ministack.app:app", "--workers", "0", "--keep-alive", "75")
NOMINAL_PORT = "4566"
"""The port in names such as queue URLs. It must not change as long as the state lasts: a queue is
found by its URL. So the emulator's own server, which listens where its names say, is not used."""
PASSED_ON = ("LANG", "LC_ALL", "TZ")
"""What of the developer's environment the emulator sees, and with it the functions."""


class Emulator:
    """MiniStack under enforced IAM, with its state, temporary files and log in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._temporary = directory / "tmp"
        self._service = Service("emulator", directory)

    @property
    def endpoint(self) -> str:
        """Where its API of AWS is."""
        return f"http://{LOOPBACK}:{self._service.record().port}"

    @property
    def pid(self) -> int | None:
        """Its process, if it runs."""
        return self._service.pid()

    @property
    def has_crashed(self) -> bool:
        """Whether it ended without having been stopped."""
        return self.pid is None and self._service.record().pid is not None

    @property
    def log(self) -> Path:
        """What it writes about its work, the functions' output included."""
        return self._service.log

    def is_ready(self) -> bool:
        """Whether it runs and answers; one that is busy gets some time."""
        return self.pid is not None and self._answers(seconds=BUSY_SECONDS)

    def launch(self) -> None:
        """Start it without waiting; the port of the last start is taken again if it is free."""
        self.stop()
        self._clean()
        if not EMULATOR_PYTHON.exists():
            raise LocalError(f"there is no {EMULATOR_PYTHON}; run make dev")
        port = free_port(preferred=self._service.record().port)
        address = f"{LOOPBACK}:{port}"
        self._service.start(
            [EMULATOR_PYTHON, "-P", SERVER, *SERVED, "--bind", address],
            environment=self._environment(f"http://{address}"),
            port=port,
        )

    def wait_until_ready(self) -> None:
        """Return when it takes requests.

        Raises:
            LocalError: it ended, took too long, or is one that does not enforce IAM.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.pid is None:
                raise self._service.died()
            if time.monotonic() > deadline:
                raise LocalError(f"the emulator does not answer; its log is {self.log}")
            time.sleep(0.05)
        answer = self._ask("/_ministack/health")
        health = json.loads(answer.text) if answer else {}
        if health.get("auth") != "enabled":
            raise LocalError(
                f"MiniStack {health.get('version')} does not enforce IAM; "
                "requirements/emulator.txt must name 1.5.33 or later"
            )

    def stop(self) -> bool:
        """End it and all it started; false if its latest state could not be kept.

        It writes its state on the way out, but first waits for invocations under way. None of
        them can finish, since nothing answers its calls any more: they are ended instead.
        """
        pid = self.pid
        if pid is None:
            return True
        workers = strays.descendants(pid)
        self._service.terminate()
        strays.kill(workers)
        ended = self._service.stop(grace_seconds=STOP_SECONDS)
        strays.kill(strays.living_in(self._temporary))  # what goes on without the workers
        self._discard_temporary()
        return ended

    def function_workers(self) -> list[int]:
        """The processes in which functions run now, and what these started."""
        pid = self.pid
        return strays.descendants(pid) if pid else []

    def _clean(self) -> None:
        strays.kill(strays.living_in(self._temporary))
        self._discard_temporary()
        for name in ("tmp/home", "state", "objects"):
            (self._directory / name).mkdir(parents=True, exist_ok=True)

    def _discard_temporary(self) -> None:
        """Delete what the workers unpacked without waiting: it is tens of thousands of files."""
        if self._temporary.exists():
            self._temporary.rename(self._directory / f"discarded-{uuid4().hex}")
        discarded = self._directory.glob("discarded-*")  # also what an earlier command left
        in_background = 'rm -rf "$@" < /dev/null > /dev/null 2>&1 &'
        command = ["sh", "-c", in_background, "sh", *map(str, discarded)]
        subprocess.run(command, check=True, start_new_session=True)

    def _environment(self, endpoint: str) -> dict[str, str]:
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        search_path = os.environ.get("PATH", os.defpath)
        return {
            **passed_on,
            "PATH": f"{write_launcher(self._directory)}{os.pathsep}{search_path}",
            "HOME": str(self._temporary / "home"),
            "TMPDIR": str(self._temporary),
            "GATEWAY_PORT": NOMINAL_PORT,
            "AWS_ENDPOINT_URL": endpoint,
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._directory / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._directory / "objects"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONUNBUFFERED": "1",
        }

    def _answers(self, *, seconds: float = 5) -> bool:
        answer = self._ask("/_ministack/ready", seconds=seconds)
        return answer is not None and answer.status == HTTPStatus.OK

    def _ask(self, path: str, *, seconds: float = 5) -> Answer | None:
        return ask(self._service.record().port or 0, path, seconds=seconds)
