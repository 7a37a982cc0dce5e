"""The mark by which queries of this deployment are found among others.

Athena has neither tags nor names for queries, and does not tell a query's client token. What it
keeps is the text, so the mark is a comment in front of it, on its first line. That is safe for
statements of the query language only: those of the data definition language go to another parser,
which takes some of them without comments only.
"""

import re

from heimdall.plugin.identity import Identity
from heimdall.plugins.athena.options import MAX_QUERY_BYTES

_TAKES_COMMENTS = re.compile(
    r"(?:\s|\(|--[^\n]*|/\*.*?\*/)*+(?:SELECT|WITH|VALUES|INSERT|UPDATE|DELETE|MERGE)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARK = re.compile(r"/\* ([\w-]+) \*/", re.ASCII)


def marked(query: str, identity: Identity) -> str:
    """Return the query with the run's mark, or as it is where no comment may stand."""
    text = f"/* {identity.work_name} */ {query}"
    is_safe = _TAKES_COMMENTS.match(query) and len(text.encode()) <= MAX_QUERY_BYTES
    return text if is_safe else query


def run_of(query: str, identity: Identity) -> tuple[str, int] | None:
    """Return the job and the run whose mark a query carries; None if it has none of ours."""
    mark = _MARK.match(query)
    return identity.run_of(mark[1]) if mark else None
