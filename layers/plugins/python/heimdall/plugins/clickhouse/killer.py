"""Ends a query at the server."""

import base64
import logging

import urllib3

KILL = "KILL QUERY WHERE query_id = {id:String} ASYNC"

_SECONDS = 3.0
_REFUSED = 300

logger = logging.getLogger(__name__)


class Killer:
    """Asks the server, on a line of its own, to end one query."""

    def __init__(
        self, pool: urllib3.PoolManager, url: str, username: str, password: str, query_id: str
    ) -> None:
        self._pool = pool
        self._url = url
        self._query_id = query_id
        given = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {given}"}

    def kill(self) -> None:
        """Ask once: a server that cannot be asked ends a query itself whose reader is gone."""
        try:
            answer = self._pool.request(
                "POST",
                f"{self._url}/?param_id={self._query_id}",
                body=KILL.encode(),
                headers=self._headers,
                timeout=_SECONDS,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            logger.warning("query %s could not be ended: %s", self._query_id, error)
            return
        if answer.status >= _REFUSED:
            logger.warning("query %s was not ended: %s", self._query_id, answer.status)
