"""Asks DynamoDB for an answer page by page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from heimdall.aws.failures import engine_errors, error_code
from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_PAGE_ITEMS = 10_000

_DOUBLINGS = 14
_USERS_FAULTS = ("ValidationException", "ResourceNotFoundException")


@dataclass(slots=True)
class ItemReader:
    """Asks for the pages of an answer.

    Attributes:
        asked: of every page: the statement, its parameters.
        limit: how many items are wanted; None for all.
        has_more: whether there is another page that is wanted.
    """

    client: "DynamoDBClient"
    asked: dict[str, Any]
    limit: int | None
    has_more: bool = True
    _item_count: int = 0
    _page_count: int = 0
    _capacity: float = 0.0

    def pages(self) -> "Iterator[list[Any]]":
        """Yield the items of each page, which may be none.

        DynamoDB applies a page's limit before the conditions, so it is doubled from page to page:
        few are read beyond the limit, and what matches seldom takes few calls all the same.

        Raises:
            TransientPluginError: throttled or unreachable.
            PluginError: the statement is wrong, or may not be executed.
        """
        token: str | None = None
        while self.has_more:
            with _errors():
                answer = self.client.execute_statement(**self._next(token))
            items = answer.get("Items", [])
            if self.limit is not None:
                items = items[: self.limit - self._item_count]
            self._count(items, answer)
            token = answer.get("NextToken")
            self.has_more = token is not None and self._item_count != self.limit
            yield items

    def outputs(self) -> dict[str, str]:
        """What the reading took: pages, and capacity units as DynamoDB counts them."""
        told = {"pages": str(self._page_count)}
        if self._capacity:
            told["consumed_capacity_units"] = f"{self._capacity:g}"
        return told

    def _next(self, token: str | None) -> dict[str, Any]:
        asked = dict(self.asked)
        if token is not None:
            asked["NextToken"] = token
        if self.limit is not None:
            asked["Limit"] = min(self.limit << min(self._page_count, _DOUBLINGS), MAX_PAGE_ITEMS)
        return asked

    def _count(self, items: list[Any], answer: Any) -> None:  # noqa: ANN401 - boto3's
        self._item_count += len(items)
        self._page_count += 1
        self._capacity += answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)


@contextmanager
def _errors() -> Iterator[None]:
    """Translate what boto3 raises; that a statement is wrong is the user's error."""
    with engine_errors("executing the statement"):
        try:
            yield
        except ClientError as error:
            code = error_code(error)
            if code not in _USERS_FAULTS:
                raise
            said = error.response.get("Error", {}).get("Message", "")
            raise PluginError(
                f"DynamoDB refused the statement: {code}: {said}", failure=Failure.USER_ERROR
            ) from error
