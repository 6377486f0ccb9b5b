"""Pages as Django REST Framework counts and links them."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from notifications.contracts.errors import NotificationNotFound

DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 100


class Page:
    """The page that a request asks for."""

    def __init__(
        self,
        request: Request,
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
        page_size: Annotated[int, Query(ge=1)] = DEFAULT_PAGE_SIZE,
    ) -> None:
        self._url = request.url
        self.number = page
        self.size = min(page_size, LARGEST_PAGE_SIZE)

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def cut(self, everything: Sequence[Any]) -> Sequence[Any]:
        """This page of a list that is at hand in full."""
        return everything[self.offset : self.offset + self.size]

    def answer(self, count: int, results: Sequence[Any]) -> dict[str, Any]:
        """The envelope, with absolute links to the neighbours.

        Raises:
            NotificationNotFound: a page after the last one, as in Django.
        """
        if self.number > 1 and self.offset >= count:
            raise NotificationNotFound
        return {
            "count": count,
            "next": self._link(self.number + 1) if self.offset + self.size < count else None,
            "previous": self._link(self.number - 1) if self.number > 1 else None,
            "results": results,
        }

    def _link(self, number: int) -> str:
        return str(self._url.include_query_params(page=number) if number > 1 else self._url.remove_query_params("page"))


PageDep = Annotated[Page, Depends()]
