"""Every rule and reason in a sentence for people, so that "why" is answered in words and not in codes."""

from collections.abc import Mapping

from policy.channels import Rule
from policy.planning import WaitReason
from policy.preconditions import Asked
from policy.retries import Outcome, Reason

_SENTENCES: Mapping[str, str] = {
    Rule.TYPE_FORBIDS: "Notifications of this type are never sent on this channel.",
    Rule.OPTED_OUT: "The person has opted out of this channel, which outranks all but the type's own ban.",
    Rule.TYPE_REQUIRES: "Notifications of this type are always sent on this channel.",
    Rule.USER_ON: "The person has switched this channel on for this type.",
    Rule.USER_OFF: "The person has switched this channel off for this type.",
    Rule.GLOBAL_ON: "The person has switched this channel on for all types.",
    Rule.GLOBAL_OFF: "The person has switched this channel off for all types.",
    Rule.TYPE_DEFAULT: "The person has chosen nothing, so the type's default holds.",
    Rule.NO_ADDRESS: "There is no address for this channel.",
    WaitReason.SCHEDULED: "It waits for its planned time.",
    WaitReason.UNLESS_READ: "It is sent only if the notification is still unread by then.",
    WaitReason.QUIET_HOURS: "It waits for the end of the person's quiet hours.",
    WaitReason.ATTENTION_BUDGET: "The person has had as many messages as they want in a day; it waits for its turn.",
    WaitReason.DIGEST: "It waits to be told together with others, in a digest.",
    WaitReason.OWN_DIGEST: "It waits to be told together with others, in the digest that the person has chosen.",
    WaitReason.PRECONDITION: "Its sender could not be asked whether it is still true; they are asked again.",
    Asked.STILL_TRUE: "Its sender said that it is still true.",
    Asked.NO_LONGER_TRUE: "Its sender said that it is no longer true.",
    Asked.UNREACHABLE: "Its sender could not be asked whether it is still true, and had it dropped in that case.",
    Asked.SENT_UNASKED: "Its sender could not be asked whether it is still true, and had it sent in that case.",
    Outcome.STARTED: "The provider is being asked, or the process died while it asked.",
    Outcome.ACCEPTED: "The provider took it over.",
    Outcome.REJECTED: "The provider refused it for good.",
    Outcome.BUSY: "The provider could not take it now.",
    Outcome.UNKNOWN: "The provider did not answer.",
    Outcome.MISCONFIGURED: "The provider did not accept our credentials or settings.",
    Reason.PROVIDER_REJECTED: "The provider refused it for good.",
    Reason.PROVIDER_UNAVAILABLE: "The provider is busy or down; it is tried again.",
    Reason.PROVIDER_SILENT: "The provider did not answer; it is asked again with the same key.",
    Reason.PROVIDER_MISCONFIGURED: "The provider does not accept our credentials or settings; it is tried again.",
    Reason.BOUNCED: "The provider reported that it bounced.",
    Reason.EXPIRED: "It would have come after its expiry.",
    Reason.ALREADY_READ: "The notification had been read already.",
    Reason.CANCELLED: "It was cancelled.",
    Reason.SUPERSEDED: "A newer notification about the same matter took its place.",
    Reason.IN_DOUBT: "It was cancelled while the provider did not answer, so it may have gone out.",
    Reason.DEADLINE: "It could not be delivered before its deadline.",
    Reason.DIGESTED: "It was told in a digest, together with others.",
}


def explanation(reason: str | None) -> str | None:
    """A rule or reason in words; None for a word that needs none."""
    return None if reason is None else _SENTENCES.get(reason)
