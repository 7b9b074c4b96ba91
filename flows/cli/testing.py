"""The command `test`: scenarios played, coverage told, and with `--mutate` whether they would notice a slip."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from flows.cli import talk
from flows.cli.definitions import folder_of, shown_folder
from flows.engine.coverage import Mark, Wanted, wanted_conditions, wanted_gates
from flows.engine.mutants import Tried, mutants, sample_of
from flows.engine.scenarios import Played, order, play_all
from flows.mutating import sources, tried_of
from schemas import messages, reader
from schemas.digests import digest, digest_of_bytes
from schemas.messages import said
from schemas.problems import InvalidDefinition, Location, Problem, WrongUsage, problem
from schemas.reader import Bundle, Reading
from schemas.sources import Source, parse_yaml

FAILED = 3  # exit code
Json = dict[str, Any]


@dataclass
class Report:
    """What a run of `test` found."""

    folder: str
    scenarios: Mapping[str, Source]
    played: Mapping[str, Played]
    kept: list[str]
    conditions: list[tuple[Wanted, list[str]]]
    gates: list[tuple[Wanted, list[str]]]


def play(
    path: Path | None = None,
    *,
    all: Annotated[bool, Parameter(help="Every scenario, also where nothing has changed.")] = False,
    mutate: Annotated[
        bool, Parameter(help="Change the definitions in small ways and see whether a scenario notices.")
    ] = False,
    sample: Annotated[int | None, Parameter(help="How many changes to try; all without it.")] = None,
    seed: Annotated[int, Parameter(help="What the sample is drawn by.")] = 0,
    at_least: Annotated[
        float,
        Parameter(help="The share of the changes that must be noticed; below it the command ends with 3."),
    ] = 0.0,
    format: Annotated[Literal["text", "json"], Parameter(help="Form of the answer.")] = "text",
) -> int:
    """Play the scenarios beside the definitions; what an edit does not touch is left out."""
    if not mutate and (sample is not None or at_least):
        raise WrongUsage(problem("X22"))
    if sample is not None and sample < 1:
        raise WrongUsage(problem("U01", text=sample, advice=said("advice_example", example="--sample 50")))
    folder = folder_of(path)
    shown = str(path) if path is not None else shown_folder(folder)
    content = reader.collect(folder)
    reading = reader.read(content, shown)
    if reading.methodology is None:
        raise InvalidDefinition(reading.problems)
    memory = _Memory(folder, content)
    kept = {} if all or mutate else memory.green(reading)
    report = _played(reading, shown, kept)
    memory.keep(report.played)
    tried = _mutated(content, shown, sample, seed) if mutate else None
    if format == "json":
        talk.data(_as_json(report, tried, content))
    else:
        _tell(report, tried, content)
    failed = [name for name, each in report.played.items() if not each.green]
    few = tried is not None and _score(tried)["score"] < at_least
    return FAILED if failed or few else 0


def _played(reading: Reading, shown: str, kept: Mapping[str, frozenset[Mark]]) -> Report:
    assert reading.methodology is not None
    wanted = [name for name in reading.scenarios if name not in kept]
    played = play_all(reading.methodology, reading.scenarios, wanted)
    seen = frozenset().union(*kept.values(), *(each.marks for each in played.values()))
    conditions, gates = wanted_conditions(reading.methodology), wanted_gates(reading.methodology)
    return Report(
        shown, reading.scenarios, played, [name for name in kept if name not in played],
        [(each, each.lacks(seen)) for each in conditions], [(each, each.lacks(seen)) for each in gates],
    )  # fmt: skip


def _mutated(content: Bundle, shown: str, sample: int | None, seed: int) -> list[Tried]:
    chosen = sample_of(sum(1 for _ in mutants(sources(content, shown))), sample, seed)
    tried = []
    watched = sys.stderr.isatty()
    for each in tried_of(content, shown, chosen):
        tried.append(each)
        if watched:
            print(talk.word("test_progress", done=len(tried), of=len(chosen)), end="", file=sys.stderr)
    if watched:
        print(file=sys.stderr)
    return tried


# --- telling -------------------------------------------------------------------------------------


def _tell(report: Report, tried: list[Tried] | None, content: Bundle) -> None:
    language = talk.language()
    if not report.scenarios:
        talk.say("test_none", folder=report.folder)
    for name, played in report.played.items():
        if played.after:
            print(talk.word("test_skipped", id=name, scenario=played.after))
            continue
        title = report.scenarios[name].data["title"]
        print(talk.word("test_scenario", mark="✗" if played.problems else "✓", id=name, title=title))
        for each in played.problems:
            print(f"  {messages.line(each, language)}")
    placed = sources(content, report.folder)
    for kind, found in (("conditions", report.conditions), ("gates", report.gates)):
        covered, of = _counts(found)
        percent = f"{100 * covered / of:.0f}" if of else "100"
        print(talk.word(f"test_{kind}", covered=covered, of=of, percent=percent))
        for wanted, lacks in found:
            if lacks:
                at = placed[wanted.file].at(wanted.pointer, key=kind == "gates")
                words = [_way(each) for each in lacks]
                print(talk.word("test_lacks", place=str(at), what=wanted.text, lacks=words))
    if tried is not None:
        _tell_mutants(tried)
    failed = sum(1 for each in report.played.values() if not each.green)
    if failed:
        talk.say("test_failed", played=len(report.played), failed=failed)
    elif report.scenarios:
        talk.say("test_done", played=len(report.played), kept=len(report.kept))


def _tell_mutants(tried: list[Tried]) -> None:
    for each in tried:
        if each.outcome == "survived":
            print(
                talk.word(
                    "test_survivor", place=str(each.mutant.at), what=each.mutant.what, kind=each.mutant.kind
                )
            )
    print(talk.word("test_score", **_score(tried)))


def _score(tried: list[Tried]) -> Json:
    counts: Json = {
        name: sum(1 for each in tried if each.outcome == name) for name in ("killed", "survived", "refused")
    }
    judged = counts["killed"] + counts["survived"]
    return {
        "tried": len(tried), **counts, "score": round(counts["killed"] / judged, 3) if judged else 1.0
    }  # fmt: skip


def _counts(found: list[tuple[Wanted, list[str]]]) -> tuple[int, int]:
    of = sum(len(wanted.ways) for wanted, _ in found)
    return of - sum(len(lacks) for _, lacks in found), of


def _way(way: str) -> Any:
    kind, _, choice = way.partition(":")
    return said("test_choice", choice=choice) if choice else said(f"test_{kind}")


def _as_json(report: Report, tried: list[Tried] | None, content: Bundle) -> Json:
    language = talk.language()
    placed = sources(content, report.folder)
    found: Json = {
        "schema": "test/v1",
        "scenarios": [
            {
                "id": name,
                "title": report.scenarios[name].data["title"],
                "result": "skipped" if played.after else "failed" if played.problems else "passed",
                "problems": [_told(each, language) for each in played.problems],
            }
            for name, played in report.played.items()
        ],
        "unchanged": report.kept,
        "coverage": {
            kind: {
                "covered": _counts(each)[0],
                "of": _counts(each)[1],
                "lacking": [
                    {**_place(placed[wanted.file].at(wanted.pointer)), "what": wanted.text, "lacks": lacks}
                    for wanted, lacks in each
                    if lacks
                ],
            }
            for kind, each in (("conditions", report.conditions), ("checkpoints", report.gates))
        },
    }
    if tried is not None:
        survivors = [
            {
                **_place(each.mutant.at),
                "kind": each.mutant.kind,
                "what": messages.in_words(each.mutant.what, language),
            }
            for each in tried
            if each.outcome == "survived"
        ]
        found["mutants"] = {**_score(tried), "survivors": survivors}
    return found


def _told(each: Problem, language: str) -> Json:
    return {"code": each.code, **_place(each.at), "message": messages.message(each, language)}


def _place(at: Location) -> Json:
    return {"file": at.file, "line": at.line, "column": at.column}


# --- what the last green run knew ----------------------------------------------------------------


class _Memory:
    """Digests of the scenarios that were green and of what they exercised; kept in the workspace's data."""

    def __init__(self, folder: Path, content: Bundle) -> None:
        self.folder, self.content = str(folder.resolve()), content
        self.file = self._file()
        self.known: Json = {}
        if self.file and self.file.is_file():
            try:
                self.known = json.loads(self.file.read_text("utf-8")).get(self.folder, {})
            except ValueError:
                self.known = {}  # a damaged memory is none: everything is played

    @staticmethod
    def _file() -> Path | None:
        try:
            return talk.workspace().data / "scenarios.json"
        except WrongUsage:
            return None

    def green(self, reading: Reading) -> dict[str, frozenset[Mark]]:
        """Scenarios that need not be played: nothing that they exercised has changed; with what they saw."""
        found = {}
        for name in reading.scenarios:
            known = self.known.get(name)
            if known and known["digest"] == self._digest(reading.scenarios, name, known["stages"]):
                marks = (Mark(file, tuple(pointer), seen) for file, pointer, seen in known["marks"])
                found[name] = frozenset(marks)
        self.scenarios = reading.scenarios
        return found

    def keep(self, played: Mapping[str, Played]) -> None:
        """Remember what was green; forget what was not."""
        scenarios = getattr(self, "scenarios", None)
        if self.file is None or scenarios is None or not self.file.parent.is_dir():
            return
        for name, each in played.items():
            self.known.pop(name, None)
            if each.green:
                self.known[name] = {
                    "digest": self._digest(scenarios, name, sorted(each.stages)),
                    "stages": sorted(each.stages),
                    "marks": sorted([mark.file, list(mark.pointer), mark.seen] for mark in each.marks),
                }
        every = json.loads(self.file.read_text("utf-8")) if self.file.is_file() else {}
        every[self.folder] = {name: self.known[name] for name in scenarios if name in self.known}
        self.file.write_text(json.dumps(every, ensure_ascii=False), "utf-8")

    def _digest(self, scenarios: Mapping[str, Source], name: str, stages: list[str]) -> str:
        """Of the scenario and those before it, of the stages that it exercised, and of how the others begin."""
        parts: Json = {"version": version("nastavnik")}
        for each in order(scenarios, [name]):
            parts[each] = digest_of_bytes(self.content[f"scenarios/{each}.yaml"])
        for file, content in self.content.items():
            stage = file.removeprefix("stages/").removesuffix(".yaml")
            if file.startswith("stages/") and stage not in stages:
                source, _ = parse_yaml(content, file)
                data = source.data if source else {}
                parts[file] = {key: data.get(key) for key in ("needs", "after", "enter")}
            elif not file.startswith(("scenarios/", "documents/")):
                parts[file] = digest_of_bytes(content)
        return digest(parts)
