"""Which texts speak a person's language, best first: lookup as in RFC 4647 §3.4."""

DEFAULT_LOCALE = "en"

_REGION_CHARS = 2
_SCRIPT_CHARS = 4


def canonical(locale: str) -> str:
    """A language tag in its one spelling (RFC 5646 §2.1.1), so that `pt_br` finds what `pt-BR` wrote."""
    language, *subtags = locale.replace("_", "-").split("-")
    return "-".join([language.lower(), *map(_cased, subtags)])


def lookup_order(locale: str) -> tuple[str, ...]:
    """The locales to look in for a person's words: `pt-BR`, then `pt`, then the default."""
    subtags = canonical(locale).split("-")
    narrowing = ["-".join(subtags[:kept]) for kept in range(len(subtags), 0, -1)]
    return tuple(dict.fromkeys([*narrowing, DEFAULT_LOCALE]))


def _cased(subtag: str) -> str:
    if len(subtag) == _REGION_CHARS:
        return subtag.upper()
    return subtag.title() if len(subtag) == _SCRIPT_CHARS and subtag.isalpha() else subtag.lower()
