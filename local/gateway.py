"""The local gateway: the process that signs what curl and browsers send to the API."""

import time
from collections.abc import Mapping
from pathlib import Path

from local.errors import LocalError
from local.layout import BIN
from local.loopback import ask
from local.ports import is_free
from local.processes import Service
from local.terminal import child_environment

START_SECONDS = 30
STOP_SECONDS = 5


class Gateway:
    """`heimdall gateway` in front of one API, as one IAM user."""

    def __init__(self, directory: Path) -> None:
        self._service = Service("gateway", directory)

    @property
    def pid(self) -> int | None:
        """Its process, if it runs."""
        return self._service.pid()

    @property
    def port(self) -> int | None:
        """Where it listens, or listened last."""
        return self._service.record().port

    @property
    def has_crashed(self) -> bool:
        """Whether it ended without having been stopped."""
        return self.pid is None and self._service.record().pid is not None

    @property
    def log(self) -> Path:
        """What it writes."""
        return self._service.log

    def check_port(self, port: int) -> None:
        """Make sure that it can listen there, or listens there already.

        Raises:
            LocalError: another program has the port.
        """
        is_ours = self.pid is not None and self.port == port
        if not is_ours and not is_free(port):
            raise LocalError(
                f"port {port} is in use by another program; end that program, or choose "
                f"another port: HEIMDALL_PORT={port + 100} make up"
            )

    def launch(self, *, port: int, api_url: str, credentials: Mapping[str, str]) -> bool:
        """Let it listen on a port for an API, without waiting; false if it did so already."""
        setting = f"{api_url} {credentials['AWS_ACCESS_KEY_ID']}"
        known = self._service.record()
        if self.pid is not None and (known.port, known.setting) == (port, setting):
            return False
        self.stop()
        self.check_port(port)
        self._service.start(
            [BIN / "heimdall", "gateway", "--port", str(port), "--forward-user"],
            environment=child_environment(HEIMDALL_API_URL=api_url, **credentials),
            port=port,
            setting=setting,
        )
        return True

    def stop(self) -> bool:
        """End it; requests under way get a few seconds."""
        return self._service.stop(grace_seconds=STOP_SECONDS)

    def wait_until_ready(self) -> None:
        """Return when it takes requests.

        Raises:
            LocalError: it ended, or took too long.
        """
        deadline = time.monotonic() + START_SECONDS
        while ask(self.port or 0, "/") is None:
            if self.pid is None:
                raise self._service.died()
            if time.monotonic() > deadline:
                raise LocalError(f"the gateway does not answer; its log is {self.log}")
            time.sleep(0.05)
