"""Which language is spoken, and what is suggested for an unknown name."""

import pytest

from chainrule.errors import UsageError
from chainrule.messages import Message, language, suggestion, use_language

GREETING = Message("example.greeting", en="{count} samples", zh="{count} 个样本")
VARIABLES = ("CHAINRULE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture(autouse=True)
def no_language(monkeypatch):
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    yield
    use_language(None)


def test_english_unless_somebody_says_otherwise():
    assert language() == "en"
    assert GREETING(count=3) == "3 samples"


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(("value", "expected"), [("zh", "zh"), ("zh_CN.UTF-8", "zh"), ("ZH-TW", "zh"), ("C", "en")])
def test_every_variable_of_the_locale_counts(monkeypatch, variable, value, expected):
    monkeypatch.setenv(variable, value)
    assert language() == expected


def test_the_first_variable_that_is_set_decides(monkeypatch):
    for variable, value, expected in [
        ("LANG", "zh_CN", "zh"),
        ("LC_ALL", "de_DE", "en"),
        ("CHAINRULE_LANG", "zh", "zh"),
    ]:
        monkeypatch.setenv(variable, value)
        assert language() == expected


def test_an_empty_variable_is_not_set(monkeypatch):
    monkeypatch.setenv("CHAINRULE_LANG", "")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert language() == "zh"


def test_a_choice_beats_the_environment(monkeypatch):
    monkeypatch.setenv("CHAINRULE_LANG", "en")
    use_language("zh")
    assert GREETING(count=3) == "3 个样本"
    use_language(None)
    assert GREETING(count=3) == "3 samples"


def test_an_unknown_language_is_refused_and_changes_nothing():
    use_language("zh")
    with pytest.raises(UsageError, match=r"fr.*en, zh"):
        use_language("fr")
    assert language() == "zh"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("adan", " Did you mean 'adam'?"),
        ("ADAM", " Did you mean 'adam'?"),
        ("nadam", " Did you mean 'adam'?"),
        ("", ""),
    ],
)
def test_suggestion(name, expected):
    assert suggestion(name, ["sgd", "adam", "momentum"]) == expected


def test_suggestion_keeps_the_spelling_of_the_known_name():
    use_language("zh")
    assert suggestion("relu", ["ReLU"]) == " 您是否想输入“ReLU”？"
