"""Everything that a gateway shows, keeps and sends, as text: where a secret must not be."""

import gzip
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from functions.query.handler import app as query_app
from tests.fakes.tables import BUCKET, CATALOG, JOBS
from tests.functional.reading_results import FORMS, read
from tests.functional.world import World


def answers(world: World, ids: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield what every GET of the API answers.

    Args:
        ids: what there is, by its noun: `{"job": [...], "command": [...], "cluster": [...]}`.
    """
    for route in query_app._static_routes + query_app._dynamic_routes:
        noun = route.path.split("/")[3]
        for entry_id in ids.get(noun, [""] * (noun == "")) if "<" in route.path else [""]:
            path = re.sub(r"<number>", "7", re.sub(r"<\w+_id>", entry_id, route.path))
            answer = world.get(path)
            assert answer.status in (200, 307, 404, 409, 503), (path, answer.text)
            yield path, answer.text + answer.content.decode(errors="replace")


def results(world: World, jobs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the results of jobs that have one, in every form."""
    for job in jobs:
        for form in FORMS:
            yield f"{job} as {form}", _as_text(read(world, job, form))


def stored() -> Iterator[tuple[str, str]]:
    """Yield all that is in both tables and the bucket."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    for table in (JOBS, CATALOG):
        for item in dynamodb.scan(TableName=table)["Items"]:
            yield f"{table} {item['pk']} {item['sk']}", repr(item)
    for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        body = s3.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
        yield found["Key"], found["Key"] + _as_text(body)


class Calls:
    """Keeps what clients of the default session send to AWS from now on."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        session: Any = boto3.DEFAULT_SESSION
        events = session._session.get_component("event_emitter")
        events.register("before-call.*.*", self._keep)

    def _keep(self, model: Any, params: Any, **_: Any) -> None:
        body = params["body"]
        if hasattr(body, "read"):  # an object for the bucket, which `stored` has
            body = ""
        text = body.decode(errors="replace") if isinstance(body, bytes) else repr(body)
        self.sent.append((f"call of {model.name}", f"{params['url_path']} {text}"))


def _as_text(content: bytes) -> str:
    """Return content as a text, unpacked if it is packed."""
    if content.startswith(b"PAR1"):
        return _told(pq.ParquetFile(io.BytesIO(content)).read())
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content).decode(errors="replace")
    if content.startswith(b"\xff\xff\xff\xff"):
        return _told(pa.ipc.open_stream(content).read_all())
    return content.decode(errors="replace")


def _told(table: pa.Table) -> str:
    columns = [set(map(repr, column.to_pylist())) for column in table.columns]
    return f"{table.schema} {table.schema.metadata} {columns}"
