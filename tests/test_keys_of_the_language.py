"""Keys of LANGUAGE.md §3, each doing what it says on the small methodology."""

from __future__ import annotations

from play import SMALL, Play, paired, started

from schemas import reader
from schemas.model import Methodology


def small_with(*changes: tuple[str, str, str]) -> Methodology:
    """The small methodology with (file, old, new) replaced."""
    content = reader.collect(SMALL)
    for file, old, new in changes:
        assert old in content[file].decode(), old
        content[file] = content[file].decode().replace(old, new, 1).encode()
    return reader.read(content).or_refuse()


# --- when_stale ----------------------------------------------------------------------------------


def test_a_paper_that_is_kept_stands_when_what_it_was_made_from_changes():
    kept = small_with(
        (
            "stages/pairing.yaml",
            "agreements: {title: Соглашение,",
            "agreements: {title: Соглашение, when_stale: keep,",
        )
    )
    play = paired(Play(kept))
    play.hand("work/swaps", {"text": "замена"}, "G1")
    rows = [{"group": "G1", "form": "any", "mentors": ["t2"], "mentees": ["m1"]},
            {"group": "G2", "form": "any", "mentors": ["t2"], "mentees": ["m2"]}]  # fmt: skip
    play.hand("pairing/pairs", {"rows": rows, "unmatched": []})

    assert play.gate("pairing/group_approved", "G1").state == "stale"  # the row that was signed has changed
    assert play.paper("pairing/agreements", "G1") != "stale"
    assert play.task("pairing/agree", "G1").state == "done"

    play.sign("pairing/group_approved", "director", "G1")  # with no new agreement

    assert play.gate("pairing/group_approved", "G1").approved


def test_the_engine_does_not_redo_what_is_kept():
    play = started(
        Play(small_with(("stages/start.yaml", "title: Сводка,", "title: Сводка, when_stale: keep,")))
    )
    first = play.versions["start/summary"][""][-1].digest

    play.hand("start/plan", {"text": "Другой план", "items": ["а"]})

    assert [each.digest for each in play.versions["start/summary"][""]] == [first]
    assert play.paper("start/summary") == "valid"
