"""What can be searched fast: the words of those who have much to search."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class NotificationWords(Base):
    """Title and message in lower case, of the notifications in large inboxes (`Inbox.words`).

    A trigger on `notifications` writes them, whoever writes those. Apart from them, because rows with a
    trigram index are dear to change, and notifications are marked and moved all the time; and without
    the small inboxes, which are read faster than any index over everybody's words.
    """

    __tablename__ = "notification_words"
    __table_args__ = (
        Index(
            "ix_notification_words",
            "user_id",
            "words",
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
            # In KiB: what was not sorted in yet is read through by every search.
            postgresql_with={"gin_pending_list_limit": "512"},
        ),
        # Room to move a row to another folder without touching the index.
        {"postgresql_with": {"fillfactor": "90"}},
    )

    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str]
    folder: Mapped[str]
    words: Mapped[str]
