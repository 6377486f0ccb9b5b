"""A person's language, then a wider one, then the default."""

import pytest

from templating.locales import canonical, lookup_order


@pytest.mark.parametrize(
    ("locale", "order"),
    [
        ("en", ("en",)),
        ("pt", ("pt", "en")),
        ("pt-BR", ("pt-BR", "pt", "en")),
        ("pt_br", ("pt-BR", "pt", "en")),
        ("en-GB", ("en-GB", "en")),
        ("zh-hant-tw", ("zh-Hant-TW", "zh-Hant", "zh", "en")),
    ],
)
def test_words_are_looked_for_from_the_narrowest_locale_to_the_default(locale: str, order: tuple[str, ...]) -> None:
    assert lookup_order(locale) == order


@pytest.mark.parametrize(
    ("written", "spelling"),
    [("EN", "en"), ("pt_br", "pt-BR"), ("zh-HANT-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("de-1996", "de-1996")],
)
def test_a_locale_has_one_spelling(written: str, spelling: str) -> None:
    assert canonical(written) == spelling
