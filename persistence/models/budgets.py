"""How much of what callers may do has been given out."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class CallBudget(Base):
    """The calls of one caller in one minute (since 1970) that the API's processes have taken for themselves.

    Unlogged: writes nothing to the log that replicas and a crash's recovery read, and is empty after a crash.
    Then everybody starts anew, which is harmless for a minute.
    """

    __tablename__ = "call_budgets"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    caller: Mapped[str] = mapped_column(primary_key=True)
    taken: Mapped[int]
