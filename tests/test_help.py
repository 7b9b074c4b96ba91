"""`--help` speaks the language of the school."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows import cli
from flows.cli import help, talk
from schemas.messages import texts


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.run([*words, "--help"]) == 0
    return capsys.readouterr().out


def every_command() -> Iterator[tuple[str, ...]]:
    yield ()
    for name in help.COMMANDS:
        yield (name,)
        for inner in cli.app[name] if name in ("people", "school") else ():
            if not inner.startswith("-"):
                yield name, inner


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_every_phrase_of_help_has_its_russian(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: set[str] = set()
    real = help.plain

    def remembered(phrase: object) -> str:
        text = real(phrase)
        if text and not text.startswith("nastavnik"):
            asked.add(" ".join(text.split()))
        return text

    monkeypatch.setattr(help, "plain", remembered)
    shown(capsys, *words)

    assert asked
    assert asked - texts("help").keys() == set()


def test_help_answers_in_the_language_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Сдать файл" in shown(capsys, "submit")
    assert "Hand in a file" in shown(capsys, "--lang", "en", "submit")
    talk.setup(None, None)
