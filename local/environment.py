"""One local environment: emulator, deployed stacks, users, gateway and catalog in a directory."""

import fcntl
import hashlib
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local import build, identities
from local.aws import ROOT_CREDENTIALS, Credentials, load_credentials, session, write_private
from local.deployment import Deployer
from local.emulator import Emulator
from local.errors import LocalError
from local.gateway import Gateway
from local.layout import BIN, CONFIG, ROOT
from local.loopback import ask
from local.notes import Notes
from local.ports import LOOPBACK, free_port
from local.terminal import child_environment, say, shell_exports

STACKS = ("HeimdallStateful", "HeimdallService")
APPLIED = "applied-catalog"


class Environment:
    """Starts and stops everything that a directory holds, from whatever state it is in."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        say: Callable[[str], None] = say,
    ) -> None:
        """Name an environment without touching it.

        Args:
            directory: its state, logs and access keys; made at the first start.
            port: the gateway's; None takes a free one.
            say: told what is being done.
        """
        self.directory = directory.resolve()
        self.emulator = Emulator(self.directory)
        self.gateway = Gateway(self.directory)
        self.outputs: dict[str, str] = {}
        self._port = port
        self._say = say

    @property
    def url(self) -> str:
        """The local gateway, for HEIMDALL_URL."""
        return f"http://{LOOPBACK}:{self.gateway.port}"

    @property
    def api_url(self) -> str:
        """The API itself, IAM enforced, for HEIMDALL_API_URL."""
        api_id = self.outputs["ApiUrl"].partition("://")[2].partition(".")[0]
        return f"{self.emulator.endpoint}/_aws/execute-api/{api_id}"

    def is_running(self) -> bool:
        """Whether all its processes are alive."""
        return self.gateway.pid is not None and self.emulator.pid is not None

    def credentials(self, user: str) -> Credentials:
        """The access key of one of the users in `local.identities`."""
        return load_credentials(self._keys)[user]

    def client(self, service: str, credentials: Credentials = ROOT_CREDENTIALS) -> Any:  # noqa: ANN401 - of any service
        """A boto3 client for the emulator; the account's root if nobody else is named."""
        return session(credentials).client(  # type: ignore[call-overload]  # not a literal
            service, endpoint_url=self.emulator.endpoint
        )

    def start(self) -> bool:
        """Bring everything up, from nothing or from any half of it.

        Returns:
            False if it was all there already and nothing changed.

        Raises:
            LocalError: something stands in the way; what did not run before is stopped again.
        """
        with self._locked():
            port = self._port or self.gateway.port or free_port()
            self.gateway.check_port(port)
            was_running = self.is_running()
            try:
                return self._start(port)
            except BaseException:
                if not was_running:
                    self._stop()
                raise

    def stop(self) -> bool:
        """Bring everything down, jobs kept; false if nothing ran."""
        if not self.directory.exists():
            return False
        with self._locked():
            return self._stop()

    def crashed(self) -> list[Path]:
        """The logs of processes that ended without having been stopped."""
        with self._locked():
            return [part.log for part in (self.gateway, self.emulator) if part.has_crashed]

    def _start(self, port: int) -> bool:
        with ThreadPoolExecutor(max_workers=1) as background:
            digest = background.submit(build.digest)
            launched = self._start_emulator()
            deployed = self._deploy(digest.result())
        started = self._start_gateway(port)
        changed = launched or deployed or started
        self._apply_catalog()
        self.gateway.wait_until_ready()
        if changed:
            self._check()
        return changed

    def _start_emulator(self) -> bool:
        if self.emulator.is_ready():
            return False
        self._say("starting the emulator of AWS")
        self.emulator.launch()
        self.emulator.wait_until_ready()
        return True

    def _deploy(self, digest: str) -> bool:
        users = identities.Identities(self.client("iam"), self._keys)
        key = users.ensure(identities.DEPLOYER, identities.deployer_statements())
        deployer = Deployer(session(key), self.emulator.endpoint, say=self._say)
        outdated = not deployer.has_deployed(digest) or not build.is_built(digest)
        if outdated:
            with build.assembly(digest, say=self._say) as stacks:
                deployer.deploy(stacks, digest=digest)
        self.outputs = deployer.outputs(STACKS)
        api_id = self.api_url.rpartition("/")[2]
        users.ensure(identities.GATEWAY, [identities.invoke(api_id)])
        users.ensure(identities.DEVELOPER, identities.developer_statements())
        return outdated

    def _start_gateway(self, port: int) -> bool:
        key = self.credentials(identities.GATEWAY)
        if self.gateway.pid is None or self.gateway.port != port:
            self._say(f"starting the gateway on port {port}")
        started = self.gateway.launch(
            port=port, api_url=self.api_url, credentials=key.environment()
        )
        variables = {
            "AWS_ENDPOINT_URL": self.emulator.endpoint,
            **self.credentials(identities.DEVELOPER).environment(),
            "HEIMDALL_URL": self.url,
            "HEIMDALL_API_URL": self.api_url,
        }
        write_private(self.directory / "env", shell_exports(variables))
        return started

    def _apply_catalog(self) -> None:
        """Apply the catalog's file if it changed, at the API itself: the gateway may still start.

        If it did not change, whatever else was changed through the API stays.
        """
        notes = Notes(self.client("ssm"))
        digest = hashlib.sha256(CONFIG.read_bytes()).hexdigest()
        if notes.says(APPLIED, digest):
            return
        self._say(f"applying {CONFIG.relative_to(ROOT)}")
        key = self.credentials(identities.DEVELOPER)
        done = subprocess.run(
            [BIN / "heimdall", "apply", CONFIG],
            env=child_environment(HEIMDALL_API_URL=self.api_url, **key.environment()),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise LocalError(f"heimdall apply failed:\n{(done.stderr or done.stdout).strip()}")
        notes.write(APPLIED, digest)

    def _check(self) -> None:
        """Ask for a job that cannot be: the refusal shows that a job can be submitted."""
        self._say("checking that jobs can be submitted")
        port = self.gateway.port or 0
        answer = ask(port, "/api/v1/job", method="POST", body="{}", seconds=60)
        if answer is None or answer.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            said = f"{answer.status}: {answer.text[:500]}" if answer else "nothing"
            raise LocalError(
                f"the API answers a submission with {said}; the log of the gateway is "
                f"{self.gateway.log}, that of everything behind it {self.emulator.log}"
            )

    def _stop(self) -> bool:
        ran = self.gateway.pid is not None or self.emulator.pid is not None
        if ran:
            self._say("stopping the gateway and the emulator")
        self.gateway.stop()
        if not self.emulator.stop():
            self._say("the emulator had to be killed: what happened since its start is lost")
        return ran

    @property
    def _keys(self) -> Path:
        return self.directory / "credentials.json"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say("waiting for another command to finish starting or stopping")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
