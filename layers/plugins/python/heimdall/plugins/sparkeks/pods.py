"""The pods of an application: whether there are any left, and what their driver wrote."""

from dataclasses import replace
from urllib.parse import quote

from heimdall.aws.s3_logs import MAX_LOG_BYTES
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.plugin.output import RunOutput
from heimdall.plugins.sparkeks.api_server import ApiServer

DRIVER = "spark-kubernetes-driver"
"""The container that Spark runs its driver in."""

MAX_LINES = 50_000

_OF_APPLICATION = "sparkoperator.k8s.io/app-name"
_ENDED = ("Succeeded", "Failed")


def active_pods(api: ApiServer, namespace: str, application: str) -> int:
    """Count the pods of an application that may still run.

    Raises:
        TransientPluginError: throttled, unreachable or without access.
    """
    pods = api.items(_pods(namespace), f"{_OF_APPLICATION}={application}", "asking for the pods")
    return sum((pod.get("status") or {}).get("phase") not in _ENDED for pod in pods)


def copy_logs(api: ApiServer, namespace: str, application: str, output: RunOutput) -> None:
    """Give the end of the drivers' logs to stderr: in Kubernetes both streams are one.

    Logs that cannot be read are no failure of the run: stderr says why they are missing.

    Raises:
        TransientPluginError: throttled or unreachable; nothing was given yet.
    """
    labels = f"{_OF_APPLICATION}={application},spark-role=driver"
    api = replace(api, is_under_way=False)  # who may not read them never may
    texts: list[bytes] = []
    try:
        pods = api.items(_pods(namespace), labels, "asking for the driver")
        texts.extend(_log_of(api, namespace, pod["metadata"]["name"]) for pod in pods)
    except TransientPluginError:
        raise
    except PluginError as error:
        texts.append(f"[heimdall: there is no log here: {error}]\n".encode())
    for text in texts:
        output.stderr.write(text)


def _log_of(api: ApiServer, namespace: str, pod: str) -> bytes:
    path = f"{_pods(namespace)}/{quote(pod)}/log?container={DRIVER}&tailLines={MAX_LINES}"
    text, is_cut = api.tail(path, MAX_LOG_BYTES, "reading the driver's log")
    lines = text.count(b"\n")
    if not is_cut and lines < MAX_LINES:
        return text
    note = f"[heimdall: only the last {len(text):,} bytes of the log of {pod} are here]\n"
    return note.encode() + text


def _pods(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"
