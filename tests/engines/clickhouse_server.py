"""ClickHouse's HTTP interface over chdb, the engine itself; run as a program of its own.

It prints its port, and ends when its standard input does. One statement is run at a time, as chdb
has it; KILL QUERY is done between two blocks of a result.
"""

import base64
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chdb import ChdbError, session

PASSWORD = "canary-5f1-right"
FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
KILL = re.compile(r"^\s*KILL\s+QUERY\b", re.IGNORECASE)
READS = re.compile(r"^\s*\(*\s*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXPLAIN|EXISTS)\b", re.IGNORECASE)
HAS_ROWS = re.compile(r"^\s*\(*\s*(SELECT|WITH)\b", re.IGNORECASE)
CODE = re.compile(r"Code: (\d+)\. (DB::Exception.*)", re.DOTALL)
CUT = "/* cut the line */"

Parameters = dict[str, str]


class Engine:
    """The one session of chdb, and which queries run in it."""

    def __init__(self) -> None:
        self.session = session.Session()
        self.lock = Lock()
        self.running: dict[str, bool] = {}
        self.asked: list[dict[str, Any]] = []

    def kill(self, query_id: str) -> None:
        """Have a query ended before its next block."""
        if query_id in self.running:
            self.running[query_id] = True


class ServerError(Exception):
    """An error as ClickHouse tells it: its code and its text."""

    def __init__(self, text: str) -> None:
        found = CODE.search(text)
        self.code = int(found[1]) if found else 1002
        self.text = f"Code: {self.code}. {found[2].strip() if found else text}"
        super().__init__(self.text)


class Handler(BaseHTTPRequestHandler):
    """Answers statements."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: else 40 ms between them
    engine: Engine

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/ping":
            self._send(200, b"Ok.\n")
        elif path == "/running":
            self._send(200, json.dumps(sorted(self.engine.running)).encode())
        elif path == "/asked":
            self._send(200, json.dumps(self.engine.asked).encode())
        else:
            self._statement()

    def do_POST(self) -> None:
        self._statement()

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _statement(self) -> None:
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace")
        sql = "\n".join(part for part in (given.pop("query", ""), body) if part)
        self.engine.asked.append({"sql": sql, "given": given})
        try:
            self._authenticate()
            if KILL.match(sql):
                self.engine.kill(given.get("param_id", ""))
                self._send(200, b"")
            else:
                self._run(sql, given)
        except ServerError as failure:
            self._fail(failure)

    def _authenticate(self) -> None:
        told = self.headers.get("Authorization", "").removeprefix("Basic ")
        user, _, password = base64.b64decode(told).decode().partition(":")
        if user == "ada" and password != PASSWORD:
            raise ServerError(
                f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, "
                "or there is no user with such name. (AUTHENTICATION_FAILED)"
            )

    def _run(self, sql: str, given: Parameters) -> None:
        query_id = given.get("query_id", "")
        if query_id and query_id in self.engine.running:
            raise ServerError(
                f"Code: 216. DB::Exception: Query with id = {query_id} is already running. "
                "(QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING)"
            )
        if int(given.get("readonly", "0")) and not READS.match(sql):
            raise ServerError(
                "Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)"
            )
        self.engine.running[query_id] = False
        try:
            with self.engine.lock:
                self._answer(sql, given, query_id)
        except (ChdbError, RuntimeError) as error:
            raise ServerError(str(error)) from error
        finally:
            self.engine.running.pop(query_id, None)

    def _answer(self, sql: str, given: Parameters, query_id: str) -> None:
        """Run a statement; its rows are sent block by block."""
        named = FORMAT.search(sql)
        form = named[1] if named else given.get("default_format", "TabSeparated")
        text = sql[: named.start()] if named else sql
        values = {name[6:]: value for name, value in given.items() if name.startswith("param_")}
        if database := given.get("database"):
            self.engine.session.query(f"USE `{database}`")
        if not HAS_ROWS.match(text):
            found = self.engine.session.query(text, form, params=values)
            self._begin(form, query_id)
            self._chunk(found.bytes() or b"")
            self._chunk(b"", is_last=True)
            return
        text += _settings_of(given, text)
        blocks = iter(self.engine.session.send_query(text, form, params=values))
        first = next(blocks, None)
        self._begin(form, query_id)
        if form == "Native" and not (first and first.bytes()):
            self._chunk(self._no_rows(text, values))
        self._stream(first, blocks, query_id, is_cut=CUT in text)

    def _no_rows(self, text: str, values: Parameters) -> bytes:
        """Return the block that ClickHouse sends where chdb sends nothing: of columns alone."""
        described = self.engine.session.query(f"DESCRIBE ({text})", "JSONCompact", params=values)
        columns = json.loads(described.bytes())["data"]
        texts = (text.encode() for column in columns for text in column[:2])
        return bytes((len(columns), 0)) + b"".join(_number(len(each)) + each for each in texts)

    def _stream(self, first: Any, blocks: Any, query_id: str, *, is_cut: bool) -> None:
        """Send blocks; an error in the middle is told in the text, and the line is cut."""
        block = first
        try:
            while block is not None:
                self._chunk(block.bytes())
                if is_cut:
                    self.close_connection = True
                    return
                self._refuse_killed(query_id)
                block = next(blocks, None)
        except (ChdbError, RuntimeError) as error:
            self._chunk(f"{ServerError(str(error)).text} (version 26.9.2.1)\n".encode())
            self.close_connection = True
        except OSError:
            self.close_connection = True
        else:
            self._chunk(b"", is_last=True)
        finally:
            blocks.close()

    def _refuse_killed(self, query_id: str) -> None:
        if self.engine.running.get(query_id):
            raise ChdbError("Code: 394. DB::Exception: Query was cancelled. (QUERY_WAS_CANCELLED)")

    def _begin(self, form: str, query_id: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("X-ClickHouse-Query-Id", query_id)
        self.send_header("X-ClickHouse-Format", form)
        self.send_header("X-ClickHouse-Timezone", "UTC")
        self.end_headers()

    def _chunk(self, data: bytes, *, is_last: bool = False) -> None:
        if data or is_last:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    def _fail(self, failure: ServerError) -> None:
        content = f"{failure.text} (version 26.9.2.1)\n".encode()
        self.send_response(403 if failure.code == 516 else 500)
        self.send_header("X-ClickHouse-Exception-Code", str(failure.code))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _number(value: int) -> bytes:
    """Write a length as Native has it: seven bits to the byte."""
    low, rest = value & 0x7F, value >> 7
    return bytes((low | 0x80,)) + _number(rest) if rest else bytes((low,))


def _settings_of(given: Parameters, text: str) -> str:
    """Return the settings that came beside a SELECT as its own, where chdb takes them."""
    named = {
        name: value
        for name, value in given.items()
        if name.startswith("output_format_") or name == "max_execution_time"
    }
    if not named or "SETTINGS" in text.upper():
        return ""
    return "\nSETTINGS " + ", ".join(f"{name} = {value}" for name, value in named.items())


def main() -> None:
    """Serve until nobody holds the other end of the standard input."""
    Handler.engine = Engine()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
