"""An API server of Kubernetes on loopback, with TLS: as much of one as sparkeks asks for."""

import base64
import json
import ssl
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

APPLICATIONS = "sparkapplications"
PAGE = 2
"""So few objects are listed at once: tests see that all pages are read."""


class FakeKubernetes:
    """What the server knows, and what goes wrong with it.

    Attributes:
        objects: by kind and name.
        logs: of pods, by name.
        cluster_name: for whom tokens have to be made.
        throttles: whether new applications are refused without effect.
        loses_answers: whether they are made and the answers are lost.
        calls: how many new applications were asked for.
        made: how many were made.
        refusals: answers to calls whose method and path begin so: `{"GET /api": (403, "no")}`.
        keeps_deleted: whether deleted applications stay until their pods are gone.
    """

    def __init__(self, cluster_name: str) -> None:
        self.lock = Lock()
        self.objects: dict[str, dict[str, dict[str, Any]]] = {APPLICATIONS: {}, "pods": {}}
        self.logs: dict[str, bytes] = {}
        self.cluster_name = cluster_name
        self.throttles = False
        self.loses_answers = False
        self.keeps_deleted = True
        self.calls = 0
        self.made = 0
        self.version = 0
        self.refusals: dict[str, tuple[int, str]] = {}

    def answer(
        self, method: str, path: str, query: dict[str, str], body: Any
    ) -> tuple[int, Any] | None:
        """Answer a call; None if the answer is lost."""
        for beginning, (status, message) in self.refusals.items():
            if f"{method} {path}".startswith(beginning):
                return status, {"kind": "Status", "message": message}
        if path == "/apis/sparkoperator.k8s.io/v1beta2":
            return 200, {"kind": "APIResourceList"}
        *_, kind, name = path.split("/")
        if name == "log":
            return (200, self.logs[kind]) if kind in self.logs else _missing(kind)
        if name in self.objects:
            return self._create(body) if method == "POST" else self._list(name, query)
        return self._one(method, kind, name, body)

    def change(self, kind: str, name: str, **fields: Any) -> None:
        """Change an object, as the operator does."""
        self.version += 1
        found = self.objects[kind][name]
        found.update(fields)
        found["metadata"]["resourceVersion"] = str(self.version)

    def add_pod(self, name: str, application: str, role: str, phase: str = "Running") -> None:
        """Start a pod of an application."""
        labels = {"sparkoperator.k8s.io/app-name": application, "spark-role": role}
        metadata = {"name": name, "labels": labels}
        self.objects["pods"][name] = {"metadata": metadata, "status": {"phase": phase}}

    def _one(self, method: str, kind: str, name: str, body: Any) -> tuple[int, Any]:
        if name not in self.objects[kind]:
            return _missing(name)
        return self._delete(name, body) if method == "DELETE" else (200, self.objects[kind][name])

    def _create(self, body: Any) -> tuple[int, Any] | None:
        self.calls += 1
        if self.throttles:
            return 429, {"kind": "Status", "message": "too many requests"}
        name = body["metadata"]["name"]
        if name in self.objects[APPLICATIONS]:
            return 409, {"kind": "Status", "reason": "AlreadyExists", "message": f"{name} exists"}
        self.made += 1
        self.objects[APPLICATIONS][name] = body
        self.change(APPLICATIONS, name)
        return None if self.loses_answers else (201, body)

    def _delete(self, name: str, options: Any) -> tuple[int, Any]:
        wanted = ((options or {}).get("preconditions") or {}).get("resourceVersion")
        metadata = self.objects[APPLICATIONS][name]["metadata"]
        if wanted not in (None, metadata["resourceVersion"]):
            return 409, {"kind": "Status", "reason": "Conflict", "message": "it has changed"}
        metadata["deletionTimestamp"] = "2026-11-22T12:00:00Z"
        self.change(APPLICATIONS, name)
        if not self.keeps_deleted:
            del self.objects[APPLICATIONS][name]
        return 200, {"kind": "Status", "status": "Success"}

    def _list(self, kind: str, query: dict[str, str]) -> tuple[int, Any]:
        wanted = [part.split("=") for part in query["labelSelector"].split(",")]
        found = [
            each
            for _, each in sorted(self.objects[kind].items())
            if all(_has(each["metadata"].get("labels", {}), *pair) for pair in wanted)
        ]
        first = int(query.get("continue", "0"))
        following = str(first + PAGE) if first + PAGE < len(found) else ""
        return 200, {"metadata": {"continue": following}, "items": found[first : first + PAGE]}


def _has(labels: dict[str, str], name: str, value: str | None = None) -> bool:
    return name in labels and value in (None, labels[name])


def _missing(name: str) -> tuple[int, Any]:
    return 404, {"kind": "Status", "reason": "NotFound", "message": f"{name} not found"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: else 40 ms between them
    known: FakeKubernetes

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests' output is theirs."""

    def _answer(self, method: str) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(size)) if size else None
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        known = type(self).known
        with known.lock:
            if is_token(self.headers.get("Authorization", ""), known.cluster_name):
                answer = known.answer(method, parts.path, query, body)
            else:
                answer = 401, {"kind": "Status", "message": "Unauthorized"}
            content = _written(answer)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer[0])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _written(answer: tuple[int, Any] | None) -> bytes:
    given = answer[1] if answer else b""
    return given if isinstance(given, bytes) else json.dumps(given).encode()


def is_token(authorization: str, cluster_name: str) -> bool:
    """Tell whether this is a presigned request to STS, with the cluster's header signed."""
    token = authorization.removeprefix("Bearer k8s-aws-v1.")
    url = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    return (
        bool(cluster_name)
        and (url.scheme, url.netloc.split(".")[0]) == ("https", "sts")
        and query["Action"] == "GetCallerIdentity"
        and query["X-Amz-Expires"] == "60"
        and query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
        and "ClusterName" not in query
    )


@lru_cache(maxsize=1)
def start_server() -> tuple[str, str, type[_Handler]]:
    """Start the one server that all tests of a process share.

    Returns:
        Its endpoint, the certificate to trust, as base64, and what it answers with.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    key, certificate = make_certificate()
    with TemporaryDirectory() as directory:
        chain = Path(directory) / "chain.pem"
        chain.write_bytes(key + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"https://localhost:{server.server_port}"
    return endpoint, base64.b64encode(certificate).decode(), _Handler


def serve(known: FakeKubernetes) -> tuple[str, str]:
    """Let the server answer from this; return its endpoint and certificate."""
    endpoint, certificate, handler = start_server()
    handler.known = known
    return endpoint, certificate


def make_certificate() -> tuple[bytes, bytes]:
    """Make a key and a certificate of its own for loopback, both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.fromtimestamp(0, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=60_000))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)
