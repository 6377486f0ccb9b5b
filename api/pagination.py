"""Pages as Django REST Framework counts and links them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.datastructures import URL

from api.errors import InvalidFields, InvalidPage
from persistence.slicing import Cursor, Slice

DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 100
_LAST = "last"


class Page:
    """The page that a request asks for: by number, or with `cursor` by its place in the list."""

    def __init__(self, url: URL, *, page: str, size: int, cursor: str | None) -> None:
        self._url = url
        self._page = page
        self.size = min(size, LARGEST_PAGE_SIZE)
        self.by_cursor = cursor is not None
        self.cursor = _decoded(cursor) if cursor else None

    def offset(self, count: int) -> int:
        """Where this page begins in a list of so many.

        Raises:
            InvalidPage: it is no number, or the list ends before it; the first page may be empty.
        """
        return (self._number(count) - 1) * self.size

    def cut(self, everything: Sequence[Any]) -> Sequence[Any]:
        """This page of a list that is at hand in full."""
        offset = self.offset(len(everything))
        return everything[offset : offset + self.size]

    def answer(self, count: int, results: Sequence[Any]) -> dict[str, Any]:
        """The envelope, with absolute links to the neighbours."""
        number = self._number(count)
        return {
            "count": count,
            "next": self._link(number + 1) if number * self.size < count else None,
            "previous": self._link(number - 1) if number > 1 else None,
            "results": results,
        }

    def answer_slice(self, found: Slice, results: Sequence[Any]) -> dict[str, Any]:
        """The envelope of a page by cursor: no count, and links that hold at any depth."""
        return {
            "next": self._cursor_link(found.next),
            "previous": self._cursor_link(found.previous),
            "results": results,
        }

    def _number(self, count: int) -> int:
        pages = max(1, -(-count // self.size))
        try:
            number = pages if self._page == _LAST else int(self._page)
        except ValueError:
            raise InvalidPage from None
        if not 1 <= number <= pages:
            raise InvalidPage
        return number

    def _cursor_link(self, cursor: Cursor | None) -> str | None:
        return None if cursor is None else str(self._url.include_query_params(cursor=_encoded(cursor)))

    def _link(self, number: int) -> str:
        return str(self._url.include_query_params(page=number) if number > 1 else self._url.remove_query_params("page"))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _encoded(cursor: Cursor) -> str:
    plain = f"{int(cursor.backwards)}.{int(cursor.is_read)}.{(cursor.listed_at - _EPOCH) // _MICROSECOND}.{cursor.id}"
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _decoded(text: str) -> Cursor:
    try:
        backwards, is_read, moment, number = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(".")
        return Cursor(
            _EPOCH + int(moment) * _MICROSECOND, UUID(number), is_read=is_read == "1", backwards=backwards == "1"
        )
    except (ValueError, OverflowError):
        raise InvalidFields({"cursor": ["Invalid cursor."]}) from None


async def _page(
    request: Request,
    page: Annotated[str, Query(description=f"A number from 1 on, or `{_LAST}`.")] = "1",
    page_size: Annotated[int, Query(ge=1)] = DEFAULT_PAGE_SIZE,
    cursor: Annotated[str | None, Query(max_length=200, description="Empty for the first page.")] = None,
) -> Page:
    return Page(request.url, page=page, size=page_size, cursor=cursor)


PageDep = Annotated[Page, Depends(_page)]
