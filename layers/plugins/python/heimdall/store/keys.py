"""The keys of both tables and the bucket: the only place that spells them.

Table `jobs`, by access pattern:

| what                            | where                                                     |
|---------------------------------|-----------------------------------------------------------|
| one job                         | pk JOB#<id>, sk JOB                                       |
| who reads a running job         | pk WATCH#<id>, sk WATCH                                   |
| what an Idempotency-Key made    | pk IDEM#<hash of caller and key>, sk IDEM                 |
| whose work an engine's event is | pk WORK#<work id>, sk WORK                                |
| who does work that jobs share   | pk LEAD#<hash of what they share>, sk LEAD                |
| all jobs by creation            | index by_time: shard 0..3, id; the shards are merged      |
| a user's jobs by creation       | index by_user: user_key, shard; id                        |
| finished jobs by their end      | index by_update: shard, finished_key; only finished jobs  |
| jobs that are open or just were | pk OPEN#<shard>, sk <job id>                              |
| how far the sweep has looked    | pk SWEEP, sk SWEEP                                        |
| messages that were put aside    | pk DEAD, sk <id of the job or of the message>             |

Index keys and projected attributes never change once they are written, so that a change of status
rewrites no index; a job enters by_update with its last status.

Table `catalog`:

| what                            | where                                                     |
|---------------------------------|-----------------------------------------------------------|
| revision, key of the cursors    | pk head, sk head                                          |
| an entry of the catalog         | pk command, cluster, binding or policy, sk <id>           |
| what a revision wrote           | pk revision, sk <12 digits>                               |
| the audit trail, newest first   | pk AUDIT#<shard 0..3>, sk <id>; the shards are merged     |
| the history of an entry         | pk history#<kind>#<id>, sk <12 digits>                    |
| a kind by id                    | pk list#<kind>#id, sk <id>                                |
| a kind by creation              | pk list#<kind>#created_at, sk <15 digits>#<hash of id>    |
| a kind by its last change       | pk list#<kind>#updated_at, sk <12 digits of its revision> |

The lists hold what their filters look at and are written in the entry's own transaction, so that
reading them is strongly consistent, which no index of DynamoDB is.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

SHARDS = 4
"""One index partition takes 1,000 writes a second, so this many take 4,000 submissions."""

BY_TIME = "by_time"
BY_USER = "by_user"
BY_UPDATE = "by_update"
HEAD = {"pk": {"S": "head"}, "sk": {"S": "head"}}

DEAD_LETTERS = {"S": "DEAD"}
"""The partition of the messages that were put aside."""

Stream = Literal["stdout", "stderr"]
Key = dict[str, dict[str, str]]


def job_key(job_id: str) -> Key:
    """The item of a job."""
    return {"pk": {"S": f"JOB#{job_id}"}, "sk": {"S": "JOB"}}


def job_id_of(item: Mapping[str, Any]) -> str:
    """Whose item `job_key` leads to."""
    pk: str = item["pk"]["S"]
    return pk.removeprefix("JOB#")


def watch_key(job_id: str) -> Key:
    """The mark that somebody reads a running job's streams."""
    return {"pk": {"S": f"WATCH#{job_id}"}, "sk": {"S": "WATCH"}}


def idempotency_key(record_id: str) -> Key:
    """The record of an Idempotency-Key."""
    return {"pk": {"S": f"IDEM#{record_id}"}, "sk": {"S": "IDEM"}}


def work_key(work_id: str) -> Key:
    """The run that some work at an engine belongs to."""
    return {"pk": {"S": f"WORK#{work_id}"}, "sk": {"S": "WORK"}}


def lead_key(share_key: str) -> Key:
    """Which job does the work that jobs of one key share."""
    return {"pk": {"S": f"LEAD#{share_key}"}, "sk": {"S": "LEAD"}}


def health_key(cluster_id: str, plugin: str) -> Key:
    """The last result of one plugin's probes of one cluster."""
    return {"pk": {"S": "HEALTH"}, "sk": {"S": f"{cluster_id}#{plugin}"}}


def form_key(job_id: str, run: int, form: str) -> Key:
    """The mark that a result is being made in a form."""
    return {"pk": {"S": f"FORM#{job_id}"}, "sk": {"S": f"{run}#{form}"}}


def shard_of(job_id: str) -> int:
    """The partition of a job in an index, or of an entry in the trail, by the id's random end."""
    return int(job_id[-2:], 16) % SHARDS


def index_attributes(job_id: str, user: str, finished_at_ms: int | None) -> Key:
    """The attributes of a job's item that only the indexes need."""
    key = {"shard": {"N": str(shard_of(job_id))}}
    if user:
        key["user_key"] = {"S": user.casefold()}
    if finished_at_ms is not None:
        key["finished_key"] = {"S": time_key(finished_at_ms, job_id)}
    return key


def time_key(ms: int, job_id: str) -> str:
    """A text that sorts by time, then by job."""
    return f"{ms:015d}#{job_id}"


def shard_partition(shard: int) -> Key:
    """One partition of by_time or by_update."""
    return {"shard": {"N": str(shard)}}


def user_partition(user_key: str, shard: int) -> Key:
    """One partition of by_user."""
    return {"user_key": {"S": user_key}, **shard_partition(shard)}


def open_partition(shard: int) -> Key:
    """The markers of one shard's open jobs."""
    return {"pk": {"S": f"OPEN#{shard}"}}


def open_key(job_id: str) -> Key:
    """The marker of an open job."""
    return {**open_partition(shard_of(job_id)), "sk": {"S": job_id}}


def sweep_key() -> Key:
    """How far the sweep has looked."""
    return {"pk": {"S": "SWEEP"}, "sk": {"S": "SWEEP"}}


def dead_letter_key(letter_id: str) -> Key:
    """A message that was put aside."""
    return {"pk": DEAD_LETTERS, "sk": {"S": letter_id}}


def entry_key(kind: str, entry_id: str) -> Key:
    """The item of a command, cluster, binding or policy."""
    return {"pk": {"S": kind}, "sk": {"S": entry_id}}


def revision_key(revision: int) -> Key:
    """What the catalog's revision of this number wrote."""
    return {"pk": {"S": "revision"}, "sk": {"S": revision_text(revision)}}


def history_key(kind: str, entry_id: str, revision: int) -> Key:
    """One line of an entry's history."""
    return {"pk": {"S": history_of(kind, entry_id)}, "sk": {"S": revision_text(revision)}}


def history_of(kind: str, entry_id: str) -> str:
    """The partition of an entry's history."""
    return f"history#{kind}#{entry_id}"


def revision_text(revision: int) -> str:
    """A revision, sorted as text like its number."""
    return f"{revision:012d}"


def list_of(kind: str, order: str) -> str:
    """The partition of a kind's list in one order: id, created_at or updated_at."""
    return f"list#{kind}#{order}"


def created_text(created_at_ms: int, entry_id: str) -> str:
    """An entry's place by creation; the hash tells apart what was created at once."""
    return f"{created_at_ms:015d}#{hashlib.sha256(entry_id.encode()).hexdigest()[:16]}"


def audit_partition(shard: int) -> str:
    """A part of the audit trail; ids sort by time within it."""
    return f"AUDIT#{shard}"


def audit_key(entry_id: str) -> Key:
    """The item of an entry of the audit trail."""
    return {"pk": {"S": audit_partition(shard_of(entry_id))}, "sk": {"S": entry_id}}


def context_object(job_id: str) -> str:
    """The object of a context that is too large for the item."""
    return f"jobs/{job_id}/context.json"


def result_object(job_id: str, run: int, form: str = "json") -> str:
    """The object of a run's result in one form: json, csv, parquet or arrow."""
    return f"{result_prefix(job_id, run)}{form}"


def result_prefix(job_id: str, run: int) -> str:
    """What the objects of a run's result begin with."""
    return f"jobs/{job_id}/{run}/result."


def stream_object(job_id: str, run: int, name: str, part: int | None = None) -> str:
    """The object of one part of a stream, or of the whole."""
    whole = f"jobs/{job_id}/{run}/{name}"
    return whole if part is None else f"{stream_prefix(job_id, run, name)}{part}"


def stream_prefix(job_id: str, run: int, name: str) -> str:
    """What the objects of all parts of a stream begin with, and not that of the whole."""
    return f"jobs/{job_id}/{run}/{name}."
