"""What the probes of an operator are told."""

from typing import Literal

from api.schemas.fields import Shape


class Liveness(Shape):
    status: Literal["ok"]


class Readiness(Shape):
    """Everything that a request may need, by name."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, Literal["ok", "unreachable"]]
