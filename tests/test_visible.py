import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("clf@3", "clf@3"),
        ("[red]x", "[red]x"),
        ("\x1b[31mred\x9b0m", "\\x1b[31mred\\x9b0m"),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2028", "\\u2028"),
        ("שלום 你好 é", "שלום 你好 é"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_what_is_shown_is_one_line_without_orders(text: str) -> None:
    shown = visible(text)

    assert shown.replace("\u200d", "").isprintable()
    assert visible(shown) == shown
