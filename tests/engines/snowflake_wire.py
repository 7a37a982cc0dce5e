"""The pieces of Snowflake's wire protocol: keys, statements and answers."""

import gzip
import json
from base64 import standard_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlglot import tokenize
from sqlglot.tokens import TokenType
from starlette.requests import Request
from starlette.responses import JSONResponse


@dataclass
class Statement:
    """A statement, or a text of several."""

    text: str
    tag: str
    user: str
    parameters: Mapping[str, Any]
    id: str = field(default_factory=lambda: str(uuid4()))
    state: str = "RUNNING"
    code: int = 0
    sql_state: str = ""
    message: str = ""
    answer: dict[str, Any] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)

    def fail(self, code: int, message: str, sql_state: str = "") -> None:
        self.state, self.code, self.message = "FAILED_WITH_ERROR", code, message
        self.sql_state = sql_state


@dataclass
class Session:
    """Who logged in, and with which parameters."""

    user: str
    role: str | None
    parameters: Mapping[str, Any]
    how: str


@cache
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def conclude(statement: Statement) -> None:
    answer = statement.answer
    if answer["success"]:
        statement.state = "SUCCESS"
    else:
        state = (answer["data"] or {}).get("sqlState") or ""
        statement.fail(int(answer["code"]), answer["message"], state)


def split(text: str) -> list[str]:
    """Cut a text at its semicolons, which stand in no quotes and no comments."""
    cuts = [
        token.start
        for token in tokenize(text, read="snowflake")
        if token.token_type == TokenType.SEMICOLON
    ]
    ends = [*cuts, len(text)]
    found = [text[start:end].strip(" ;\n") for start, end in zip([0, *cuts], ends, strict=True)]
    return [each for each in found if each]


def table(names: list[str], rows: list[list[str]]) -> dict[str, Any]:
    """An answer in JSON, all of whose columns are texts."""
    shape = {"type": "text", "nullable": True, "length": 1000, "byteLength": 4000}
    rowtype = [{"name": name, "precision": None, "scale": None, **shape} for name in names]
    told = {"rowtype": rowtype, "rowset": rows, "total": len(rows), "queryResultFormat": "json"}
    return {"data": {"parameters": [], "queryId": str(uuid4()), **told}, "success": True}


def with_nulls(sent: pa.Table, had: pa.Table) -> pa.Table:
    """Put the nulls back that fakesnow loses of timestamps, which travel as structs."""
    columns = []
    for column, before in zip(sent.columns, had.columns, strict=True):
        if pa.types.is_struct(column.type) and before.null_count:
            whole = column.combine_chunks()
            whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
            mask = pa.array(before.is_null().to_pylist(), pa.bool_())
            parts = [whole.field(place) for place in range(whole.type.num_fields)]
            fields = [whole.type.field(place) for place in range(whole.type.num_fields)]
            columns.append(pa.StructArray.from_arrays(parts, fields=fields, mask=mask))
            continue
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=sent.schema)


def refusal(code: str, message: str) -> JSONResponse:
    return JSONResponse({"data": {}, "code": code, "message": message, "success": False})


def ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def fingerprint(key: RSAPrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + standard_b64encode(sha256(public).digest()).decode()


def token(request: Request) -> str:
    return request.headers["Authorization"].split('"')[1]


async def json_of(request: Request) -> dict[str, Any]:
    body = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    told: dict[str, Any] = json.loads(body)
    return told
