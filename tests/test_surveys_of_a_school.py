"""Answers to a survey as they come in: whose they are, and who was asked."""

from __future__ import annotations

from pathlib import Path

from workspaces import CURATOR, DIRECTOR, SAMPLE, lived_until

NOW = "2026-04-25T09:00:00+03:00"


def test_an_answer_of_somebody_who_was_not_asked_is_told(tmp_path: Path) -> None:
    """It is kept, but the share of those who answered is of those who were asked."""
    room = lived_until(tmp_path / "workspace", "2026-04-25")
    answers = (SAMPLE / "inbox" / "005-zaprosy-doslannye.csv").read_text("utf-8")
    file = tmp_path / "answers.csv"
    file.write_text(answers.replace("Н-012-5", DIRECTOR), "utf-8")

    told = room.do("submit", "sosh-10", "preparation/requests", str(file), "--by", CURATOR, now=NOW).err

    assert f"Не спрашивали, в доле ответивших не считаются: {DIRECTOR}" in told
