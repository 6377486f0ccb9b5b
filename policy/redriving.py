"""Whether a delivery that was given up may be tried again, and under which of the provider's keys. Pure."""

from notifications.contracts.vocabulary import DeliveryStatus
from policy.explaining import explanation
from policy.planning import Skip, Step
from policy.retries import Outcome


def why_not_redriven(status: DeliveryStatus, step: Step) -> str | None:
    """Why a delivery is not tried again, in a sentence for people; None when it may be.

    `step` is what would become of it now: what would only be skipped stays failed, so that it can be
    redriven when what stands in its way is mended.
    """
    if status is not DeliveryStatus.FAILED:
        return f"Only a failed delivery can be redriven; this one is {status}."
    if isinstance(step, Skip):
        return f"It would not be sent any more. {explanation(step.reason) or step.reason}"
    return None


def renews_key(last: Outcome | None, *, in_doubt: bool) -> bool:
    """Whether a redriven delivery gets a new key, because the old one can only repeat its failure.

    `last` is how the last attempt under the key ended, None when it was never used; `in_doubt` says that
    one of them may have got through.
    """
    match last:
        case Outcome.ACCEPTED | Outcome.REJECTED:
            # Taken over and then reported lost, or refused for good: the provider's definite words, which
            # settle any doubt about earlier attempts, too.
            return True
        case Outcome.BUSY | Outcome.MISCONFIGURED:
            return not in_doubt
        case _:
            return False
