"""Snowflake's wire protocol: fakesnow's SQL, and what fakesnow lacks around it.

That is logins by key pair and by token, statements that go on without a session (`asyncExec`),
their states, several statements in one text, the history, cancel, and results in parts.
"""

import json
import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import fakesnow.server as fakesnow_server
import jwt
import pyarrow as pa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from fakesnow.arrow import to_sf
from fakesnow.instance import FakeSnow
from fakesnow.transforms.stage import LOCAL_BUCKET_PATH
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.engines.http_server import HttpServer
from tests.engines.snowflake_wire import (
    Session,
    Statement,
    conclude,
    fingerprint,
    ipc,
    json_of,
    key,
    refusal,
    split,
    table,
    token,
    with_nulls,
)

Path(LOCAL_BUCKET_PATH).rmdir()  # made by the import, for stages; nobody else would delete it

PASSPHRASE = "a phrase for the key"
_DONE = "Multiple statements executed successfully."


class SnowflakeServer:
    """One account with a database of its own.

    Attributes:
        holds: whether statements go on until the test ends them.
        part_rows: into parts of how many rows results are cut; None gives them whole.
        throttles: whether statements are refused with 429.
        loses_answers: whether answers to new statements are lost after they took effect.
        breaks_parts: whether parts end before they should.
        drops_rows: whether more rows are promised than come.
        warehouses: the state of each and whether it resumes by itself.
    """

    def __init__(self, *, holds: bool = False, part_rows: int | None = None) -> None:
        self.key = key()
        self.tokens: dict[str, str] = {}
        self.holds, self.part_rows = holds, part_rows
        self.throttles = self.loses_answers = self.breaks_parts = self.drops_rows = False
        self.warehouses: dict[str, tuple[str, bool]] = {"REPORTS": ("STARTED", True)}
        self.statements: dict[str, Statement] = {}
        self.sessions: dict[str, Session] = {}
        self.logins: list[Session] = []
        self.canceled: list[str] = []
        self.calls = 0
        self._by_request: dict[str, Statement] = {}
        self._parts: dict[str, bytes] = {}
        self._database = FakeSnow()
        routes = [
            Route("/session/v1/login-request", self._login, methods=["POST"]),
            Route("/session", self._session, methods=["POST"]),
            Route("/queries/v1/query-request", self._query, methods=["POST"]),
            Route("/queries/v1/abort-request", self._session, methods=["POST"]),
            Route("/queries/{query}/result", self._result),
            Route("/monitoring/queries/{query}", self._monitor),
            Route("/parts/{part}", self._part),
        ]
        self._http = HttpServer(Starlette(routes=routes))

    def __enter__(self) -> Self:
        logging.getLogger("fakesnow.server").disabled = True
        answers: Any = fakesnow_server
        answers.to_sf = lambda table, described: with_nulls(to_sf(table, described), table)
        self._http.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.__exit__()
        answers: Any = fakesnow_server
        answers.to_sf = to_sf
        for each in self.sessions:
            fakesnow_server.sessions.pop(each, None)
        self._database.duck_conn.close()

    def cluster(self, **changes: Any) -> dict[str, Any]:
        """The context of a cluster by which it is reached."""
        told = {
            "account": "acme-eu",
            "user": "gateway",
            "private_key": "ssm:/heimdall/snowflake/key",
            "database": "SALES",
            "schema_name": "PUBLIC",
            "warehouse": "reports",
            "host": "127.0.0.1",
            "port": self._http.port,
            "protocol": "http",
            "answer_seconds": 2,
        }
        return {key: value for key, value in {**told, **changes}.items() if value is not None}

    def pem(self, *, is_encrypted: bool = False) -> str:
        how = BestAvailableEncryption(PASSPHRASE.encode()) if is_encrypted else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()

    def execute(self, sql: str) -> None:
        """Change the database behind the protocol."""
        connection = self._database.connect("SALES", "PUBLIC")
        connection.cursor().execute(sql)

    # --- sessions

    async def _login(self, request: Request) -> JSONResponse:
        told = (await json_of(request))["data"]
        user = self._user_of(told)
        if user is None:
            code, message = {
                "SNOWFLAKE_JWT": ("390144", "JWT token is invalid. [0ce9]"),
                "OAUTH": ("390303", "Invalid OAuth access token. [0ce9]"),
            }.get(
                told.get("AUTHENTICATOR"),
                ("390100", "Incorrect username or password was specified."),
            )
            return refusal(code, message)
        token = uuid4().hex
        database, schema = (
            request.query_params.get("databaseName"),
            request.query_params.get("schemaName"),
        )
        parameters = dict(told.get("SESSION_PARAMETERS") or {})
        fakesnow_server.sessions[token] = self._database.connect(
            database or "SALES", schema or "PUBLIC"
        )
        session = Session(
            user, request.query_params.get("roleName"), parameters, told["AUTHENTICATOR"]
        )
        self.sessions[token] = session
        self.logins.append(session)
        shown = [{"name": "TIMEZONE", "value": parameters.get("TIMEZONE", "America/Los_Angeles")}]
        info = {"databaseName": database, "schemaName": schema}
        data = {"token": token, "masterToken": token, "parameters": shown, "sessionInfo": info}
        return JSONResponse({"data": data, "success": True})

    def _user_of(self, told: Mapping[str, Any]) -> str | None:
        if told.get("AUTHENTICATOR") == "OAUTH":
            return self.tokens.get(told["TOKEN"])
        if told.get("AUTHENTICATOR") != "SNOWFLAKE_JWT":
            return None
        name = f"{told['ACCOUNT_NAME'].upper()}.{told['LOGIN_NAME'].upper()}"
        try:
            claims = jwt.decode(told["TOKEN"], self.key.public_key(), algorithms=["RS256"])
        except jwt.InvalidTokenError:
            return None
        is_ours = claims["sub"] == name and claims["iss"] == f"{name}.{fingerprint(self.key)}"
        return str(told["LOGIN_NAME"]) if is_ours else None

    async def _session(self, request: Request) -> JSONResponse:
        if request.query_params.get("delete"):
            self.sessions.pop(token(request), None)
            fakesnow_server.sessions.pop(token(request), None)
        return JSONResponse({"data": None, "code": None, "message": None, "success": True})

    # --- statements

    async def _query(self, request: Request) -> Response:
        body, session = await json_of(request), self.sessions[token(request)]
        if not body.get("asyncExec"):
            return JSONResponse(await self._answer(request, body, session))
        self.calls += 1
        if self.throttles:
            return Response(status_code=429)
        known = request.query_params["requestId"]
        if known not in self._by_request:
            parameters = {**session.parameters, **body.get("parameters", {})}
            statement = Statement(
                body["sqlText"], str(parameters.get("QUERY_TAG", "")), session.user, parameters
            )
            self._by_request[known] = self.statements[statement.id] = statement
            statement.answer = await self._run(request, body, statement)
            if not self.holds:
                conclude(statement)
        if self.loses_answers:
            return Response(status_code=502)
        query = self._by_request[known].id
        data = {"queryId": query, "getResultUrl": f"/queries/{query}/result"}
        said = "Query execution in progress. Use provided query ID to perform operations."
        return JSONResponse({"data": data, "code": "333334", "message": said, "success": True})

    async def _answer(
        self, request: Request, body: dict[str, Any], session: Session
    ) -> dict[str, Any]:
        """Answer what is waited for."""
        text = body["sqlText"]
        if "SYSTEM$CANCEL_QUERY" in text:
            return table(["SYSTEM$CANCEL_QUERY"], [[self._cancel(text.split("'")[1])]])
        if text == "SHOW WAREHOUSES":
            rows = [
                [name, state, str(resumes).lower()]
                for name, (state, resumes) in self.warehouses.items()
            ]
            return table(["name", "state", "auto_resume"], rows)
        if "INFORMATION_SCHEMA.QUERY_HISTORY" in text:
            return self._history(text, body["bindings"])
        return await self._execute(request, body)

    async def _run(
        self, request: Request, body: dict[str, Any], statement: Statement
    ) -> dict[str, Any]:
        texts = split(body["sqlText"])
        if len(texts) == 1:
            return await self._execute(request, body)
        ids = []
        for text in texts:
            part = Statement(text, statement.tag, statement.user, {})
            part.answer = await self._execute(request, {**body, "sqlText": text})
            conclude(part)
            if not part.answer["success"]:
                return part.answer
            ids.append(part.id)
            self.statements[part.id] = part
        statement.parts = ids
        answer = table(["multiple statement execution"], [[_DONE]])
        answer["data"] |= {"resultIds": ",".join(ids), "resultTypes": ",".join(["4096"] * len(ids))}
        return answer

    async def _execute(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Let fakesnow do it."""
        # fakesnow reads no decimals
        bindings = {
            place: {**each, "type": "TEXT"} if "." in str(each["value"]) else each
            for place, each in (body.get("bindings") or {}).items()
        }
        content = json.dumps({**body, "bindings": bindings}).encode()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        headers = [pair for pair in request.scope["headers"] if pair[0] != b"content-encoding"]
        asked = Request({**request.scope, "headers": headers}, receive)
        answer = await fakesnow_server.query_request(asked)
        told: dict[str, Any] = json.loads(bytes(answer.body))
        return told

    def _cancel(self, query: str) -> str:
        statement = self.statements.get(query)
        self.canceled.append(query)
        if statement is None or statement.state not in ("RUNNING", "QUEUED", "BLOCKED"):
            return "Identified SQL statement is not currently executing."
        statement.fail(604, "SQL execution canceled", "57014")
        return f"query [{query}] terminated."

    def _history(self, text: str, bindings: dict[str, Any]) -> dict[str, Any]:
        values = [bindings[str(place)]["value"] for place in range(1, len(bindings) + 1)]
        if "query_tag = ?" in text:
            rows = [[each.id] for each in self.statements.values() if each.tag == values[0]]
            return table(["QUERY_ID"], rows[:1])
        found = [
            [each.tag, each.id]
            for each in self.statements.values()
            if each.tag.startswith(values[0]) and each.state not in values[1:]
        ]
        return table(["QUERY_TAG", "QUERY_ID"], found)

    async def _monitor(self, request: Request) -> JSONResponse:
        statement = self.statements.get(request.path_params["query"])
        queries = []
        if statement is not None:
            told = {"id": statement.id, "status": statement.state, "sqlText": statement.text}
            if statement.code:
                told |= {"errorCode": f"{statement.code:06d}", "errorMessage": statement.message}
            queries.append(told)
        return JSONResponse({"data": {"queries": queries}, "success": True})

    # --- results

    async def _result(self, request: Request) -> JSONResponse:
        statement = self.statements.get(request.path_params["query"])
        if statement is None:
            return refusal("000612", "Result for query not found.")
        answer = json.loads(json.dumps(statement.answer))
        if answer["success"]:
            answer["data"]["queryId"] = statement.id
            self._cut(answer["data"], str(request.base_url))
        return JSONResponse(answer)

    def _cut(self, data: dict[str, Any], base: str) -> None:
        """Leave the first rows in the answer, and put the others into parts."""
        if not self.part_rows or not data.get("rowsetBase64"):
            return
        table = pa.ipc.open_stream(b64decode(data["rowsetBase64"])).read_all()
        slices = [
            table.slice(at, self.part_rows) for at in range(0, table.num_rows, self.part_rows)
        ]
        data["rowsetBase64"] = b64encode(ipc(slices[0])).decode()
        data["chunks"] = []
        for rows in slices[1:]:
            part, content = uuid4().hex, ipc(rows)
            self._parts[part] = content
            data["chunks"].append({
                "url": f"{base}parts/{part}",
                "rowCount": rows.num_rows,
                "uncompressedSize": len(content),
                "compressedSize": len(content),
            })  # fmt: skip
        if self.drops_rows:
            data["total"] += 1

    async def _part(self, request: Request) -> Response:
        content = self._parts[request.path_params["part"]]
        if not self.breaks_parts:
            return Response(content)

        async def half() -> AsyncIterator[bytes]:
            yield content[: len(content) // 2]

        return StreamingResponse(half(), headers={"content-length": str(len(content))})
