"""An endpoint that answers the functions' calls to AWS at once, in a process of its own.

It knows the sample's catalog and jobs and keeps nothing that is written. What a handler costs can
so be told apart from what its calls cost at the other end.
"""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks import sample
from benchmarks.environment import ROOT
from heimdall.store.job_items import encode

Body = dict[str, Any]

REVISION = {
    "revision": {"N": "3"},
    "cursor_key": {"B": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="},
}
JOBS = {f"JOB#{job.id}": encode(job) for job in (sample.NEW_JOB, sample.FINISHED_JOB)}


def _entry_item(path: str) -> Body:
    kind, _, _ = path.partition("/")
    definition = json.dumps(sample.ENTRIES[path].to_dict(), separators=(",", ":"))
    return {"kind": {"S": kind}, "definition": {"S": definition}}


def _get_item(request: Body) -> Body:
    partition, sort = request["Key"]["pk"]["S"], request["Key"]["sk"]["S"]
    if partition == "head":
        return {"Item": REVISION}
    return {"Item": JOBS[partition] if sort == "JOB" else _entry_item(f"{partition}/{sort}")}


def _query(request: Body) -> Body:
    (partition,) = request["ExpressionAttributeValues"].values()
    kind = partition["S"]
    found = [_entry_item(path) for path in sample.ENTRIES if path.startswith(f"{kind}/")]
    return {"Items": found, "Count": len(found), "ScannedCount": len(found)}


def _send_message(request: Body) -> Body:
    digest = hashlib.md5(request["MessageBody"].encode(), usedforsecurity=False).hexdigest()
    return {"MessageId": "message-1", "MD5OfMessageBody": digest}


ANSWERS: Mapping[str, Callable[[Body], Body]] = {
    "DynamoDB_20120810.GetItem": _get_item,
    "DynamoDB_20120810.Query": _query,
    "DynamoDB_20120810.PutItem": lambda _: {},
    "DynamoDB_20120810.UpdateItem": lambda _: {},
    "AmazonSQS.SendMessage": _send_message,
    "": sample.execute_answer,
}


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer one call; Lambda's protocol names no operation in a header."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = ANSWERS[self.headers.get("X-Amz-Target", "")](request)
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def stub_endpoint() -> Iterator[str]:
    """Run the endpoint as long as the block; lend its URL."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stub_endpoint"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a process with pipes has none")
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


def main() -> None:
    """Serve until stdin is closed, also by the end of whoever started this."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Requests)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
