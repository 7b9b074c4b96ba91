"""Somebody hands in a file: who may, when, what is in it – recorded whole, or refused with every problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flows import drafts
from flows.drafts import Draft, Handed
from flows.engine import admission
from flows.engine.papers import Record
from flows.engine.pool import GROUP_CODE
from flows.engine.reconcile import asked as people_asked
from flows.engine.snapshot import Member
from flows.engine.standing import Standing
from flows.gather import matching_people
from flows.naming import NOBODY, Naming, has_rows, read_key
from flows.office import Office
from flows.people import People, read_code
from flows.store import records
from flows.store.transaction import Transaction
from schemas import surveys
from schemas.messages import unknown
from schemas.problems import NOWHERE, InvalidData, Problem, Refusal, WrongUsage, problem
from schemas.stage import ArtefactSpec, TaskSpec
from schemas.validation import Schema, violations

COLLECTS = ("survey", "training")  # kinds whose papers the engine makes from what was handed in
MACHINE_MADE = ("matching", "evaluation", "report", "notice")


@dataclass
class Receipt:
    """What came of handing something in."""

    path: str
    accepted: list[str] = field(default_factory=list)  # keys; one empty key for the programme's own paper
    unchanged: list[str] = field(default_factory=list)
    not_owed: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)  # answered a survey that asks others
    new_people: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    doubts: list[tuple[str, Record]] = field(default_factory=list)  # accepted, but not valid
    parts: list[Receipt] = field(default_factory=list)  # of the papers that came inside this one
    work: bool = False  # whether the engine has something to execute now


@dataclass(frozen=True)
class Target:
    """What a file is handed in for."""

    spec: ArtefactSpec
    task: TaskSpec
    key: str


def target(standing: Standing, path: str) -> Target:
    """`STAGE/ARTEFACT[/KEY]` as a target; WrongUsage where there is no such paper."""
    stage, _, rest = path.partition("/")
    name, _, key = rest.partition("/")
    stages = standing.methodology.stages
    if stage not in stages:
        raise WrongUsage(unknown(NOWHERE, "stage", stage, stages))
    if name not in stages[stage].artefacts:
        raise WrongUsage(
            unknown(
                NOWHERE,
                "artefact",
                f"{stage}/{name}",
                [f"{stage}/{each}" for each in stages[stage].artefacts],
            )
        )
    spec = stages[stage].artefacts[name]
    task = standing.papers.writer(spec)
    if task is None or task.uses in MACHINE_MADE or (task.uses == "document" and task.role is None):
        raise Refusal(problem("G22", item=spec.path, title=spec.title))
    if key and spec.each is None:
        raise WrongUsage(problem("U02", item=spec.path, key=key))
    return Target(spec, task, read_key(spec, key))


def submit(
    office: Office, programme: records.Programme, path: str, name: str, content: bytes, by: str,
    now: datetime, request: str = "",
) -> Receipt:  # fmt: skip
    """Record a file for `STAGE/ARTEFACT[/KEY]`; all of it or nothing."""
    methodology = office.methodology(programme.bundle)
    with office.store.read() as view:
        standing = office.standing(view, view.programme_by_id(programme.id or 0), now)
        aim = target(standing, path)
    handed = drafts.read(methodology, aim.spec, aim.task, aim.key, content, name)
    papers = [(aim, handed), *_parts(standing, aim, handed)]
    with office.store.write() as transaction:
        row = transaction.programme_by_id(programme.id or 0)
        if transaction.seen(request):
            return Receipt(aim.spec.path)
        receipts = []
        for paper, said in papers:
            desk = _Intake(office, transaction, row, paper, said, read_code(by) or by, now)
            receipts.append(desk.receive())
            office.settle(transaction, row, now)  # the whole may open what its parts are handed in for
        receipt = receipts[0]
        receipt.parts = receipts[1:]
        transaction.note(request, row)
        receipt.work = bool(office.runs(office.settle(transaction, row, now)))
        return receipt


def _parts(standing: Standing, aim: Target, handed: Handed) -> list[tuple[Target, Handed]]:
    """Parts of a paper that a YAML or JSON file holds under their names: taken out, and handed in by themselves."""
    found = []
    for spec in standing.methodology.parts.get(aim.spec.path, ()):
        task = standing.papers.writer(spec)
        drafts_of_part = [
            replace(draft, data=draft.data.pop(spec.id), source=draft.source.below(spec.id))
            for draft in handed.drafts
            if draft.source is not None and spec.id in draft.data
        ]
        if drafts_of_part and task is not None:
            found.append((Target(spec, task, aim.key), replace(handed, drafts=drafts_of_part)))
    return found


class _Intake:
    """One file on its way into the store, inside one transaction."""

    def __init__(
        self, office: Office, transaction: Transaction, programme: records.Programme, aim: Target,
        handed: Handed, by: str, now: datetime,
    ) -> None:  # fmt: skip
        self.office, self.transaction, self.programme = office, transaction, programme
        self.spec, self.task, self.handed, self.by, self.now = aim.spec, aim.task, handed, by, now
        self.standing = office.standing(transaction, programme, now)
        self.methodology = self.standing.methodology
        self.people: People = office.people(transaction)
        self.school = programme.school
        self.register = self.standing.papers.table_of(self.spec)
        self.receipt = Receipt(self.spec.path, unused=handed.unused)
        self.problems: list[Problem] = []

    def receive(self) -> Receipt:
        """Check everything, then record."""
        if self.standing.snapshot.closed is not None:
            raise Refusal(problem("G16"))
        self._entitled_at_all()
        self.problems.extend(self.handed.problems)
        naming = Naming(self.standing, self.people, self.spec, self.task)
        for draft in self.handed.drafts:
            naming.name(draft)
        self.problems.extend(naming.problems)
        self.receipt.new_people.extend(naming.new_people)
        for draft in self.handed.drafts:
            self._valid(draft)
        if self.register and has_rows(self.handed.drafts[0].data):
            self.problems.extend(self._table_problems(self.handed.drafts[0]))
        self._keys_once()
        self._raise()
        if self.task.uses == "survey" and self.spec.each is None:
            self._collect_together()
        else:
            self._in_time()
            self._raise(Refusal)
            for draft in self.handed.drafts:
                self._record(draft)
        return self._doubted()

    def _raise(self, kind: type[Refusal] = InvalidData) -> None:
        if self.problems:
            raise kind(self.problems)

    # --- who ---------------------------------------------------------------------------------

    def _entitled_at_all(self) -> None:
        """Refuse a person who has none of the roles that hand in this paper."""
        if self.by not in self.people.codes(self.school):
            raise Refusal(problem("P02", code=self.by))
        stranger = admission.entitled_at_all(self.standing, self.task, self.by)
        if stranger:
            raise Refusal(stranger)

    # --- what --------------------------------------------------------------------------------

    def _valid(self, draft: Draft) -> None:
        if self.task.uses == "training":
            return
        if self.task.uses == "survey":
            survey = self.methodology.surveys[self.task.options["survey"]]
            answers = draft.data.get("answers", draft.data) if draft.source else draft.data
            when = answers.pop(drafts.WHEN, None) if isinstance(answers, dict) else None
            self._check(surveys.answer_schema(survey), answers, draft)
            draft.data = {"answers": answers, **({"answered_at": f"{when}T00:00:00+00:00"} if when else {})}
            return
        self._check(self.methodology.schema_of(self.spec), draft.data, draft)

    def _check(self, schema: Schema, data: Any, draft: Draft) -> None:
        """What breaks a schema, without what is told of the same cell already."""
        told = {each.at for each in self.problems}
        found = violations(schema, data, draft.at, "D")
        kept = (each for each in found if each.code == "D02" or each.at not in told)
        for each in kept:
            wrong = self.handed.lacks_column(each) or each
            if wrong not in self.problems:
                self.problems.append(wrong)

    def _table_problems(self, draft: Draft) -> Iterator[Problem]:
        """What a register's table must keep: its keys once, nobody left out, its members known and fitting."""
        register = self.methodology.registers[self.register or ""]
        if register.members:
            self._number_groups(draft, register.key)
        yield from admission.table_problems(self.standing, register, draft.data["rows"], draft.at, NOBODY)
        proposer = self.task.options.get("rules_of")
        if proposer and not self.problems:
            yield from self._broken_rules(draft, str(proposer))

    def _number_groups(self, draft: Draft, key: str) -> None:
        taken = {
            *self.standing.members.rows(self.register or ""),
            *(row.get(key) for row in draft.data["rows"]),
        }
        number = 1
        for row in draft.data["rows"]:
            if not row.get(key):
                while GROUP_CODE.format(number) in taken:
                    number += 1
                row[key] = GROUP_CODE.format(number)
                taken.add(row[key])

    def _broken_rules(self, draft: Draft, proposer: str) -> Iterator[Problem]:
        from tasks.matching import broken_rules, text

        matching = self.methodology.stages[self.spec.stage].tasks[proposer]
        ended = {
            key for key in self.standing.members.rows(self.register or "")
            if self.standing.members.ending(Member(self.register or "", key))
        }  # fmt: skip
        live = [row for row in draft.data["rows"] if row["group"] not in ended]
        places = [index for index, row in enumerate(draft.data["rows"]) if row["group"] not in ended]
        values = matching_people(self.standing, matching)
        for broken in broken_rules({**draft.data, "rows": live}, values):
            pointer = tuple(broken["pointer"])
            if pointer[:1] == ("rows",) and len(pointer) > 1:
                pointer = ("rows", places[int(pointer[1])], *pointer[2:])
            at = draft.at(pointer)
            forms = self.methodology.forms
            named = {
                name: forms[value].title if name in ("form", "own") and value in forms else value
                for name, value in broken["values"].items()
            }
            words = {lang: text(broken["rule"], lang, **named) for lang in ("ru", "en")}
            yield problem("D24", at, rule=words)

    def _keys_once(self) -> None:
        if self.spec.each is None or self.standing.papers.recurs(self.spec):
            return
        seen: dict[str, Draft] = {}
        for draft in self.handed.drafts:
            if draft.key and draft.key in seen:
                self.problems.append(problem("D22", draft.at_key or draft.at(), key=draft.key))
            seen.setdefault(draft.key, draft)

    # --- when --------------------------------------------------------------------------------

    def _in_time(self) -> None:
        """Refuse what comes before its task has opened, or after its member has ended."""
        kept = []
        for draft in self.handed.drafts:
            key = draft.key if self.spec.each else ""
            standing = self.standing.work.task(self.task, key)
            stranger = admission.entitled(self.standing, self.task, key, self.by)
            untimely = admission.untimely(self.standing, self.spec, self.task, key, draft.at_key or NOWHERE)
            if stranger:
                self.problems.append(stranger)
            elif self._same(draft, key):
                kept.append(draft)  # a log that grows holds old rows, also of those who have ended since
            elif standing.state == "not_owed":
                self.receipt.not_owed.append(key)
            elif untimely:
                self.problems.append(untimely)
            else:
                kept.append(draft)
        self.handed.drafts = kept

    # --- recording ---------------------------------------------------------------------------

    def _record(self, draft: Draft) -> None:
        key = draft.key if self.spec.each else ""
        if self._same(draft, key):
            self.receipt.unchanged.append(key)
            return
        self.transaction.accept(
            self.programme, self.spec.path, key, draft.data, self.now,
            origin="collected" if self.task.uses in COLLECTS else "handed",
            by=self.by,
            inputs=self.standing.papers.inputs(self.task, key),
            occurrence=self._occurrence(draft) if self.standing.papers.recurs(self.spec) else "",
            file=self.handed.file_digest,
            of_school=self.spec.of_school,
        )  # fmt: skip
        self.receipt.accepted.append(key)

    def _occurrence(self, draft: Draft) -> str:
        """What tells records of recurring work apart: their own date, else the day they came."""
        fields = self.methodology.schema_of(self.spec).get("properties", {})
        dated = next(
            (name for name, each in fields.items() if each.get("format") == "date" and name in draft.data), ""
        )
        return str(draft.data[dated]) if dated else self.now.date().isoformat()

    def _same(self, draft: Draft, key: str) -> bool:
        """The same bytes once more, where no gate or task has asked for a new answer."""
        from schemas.digests import digest

        name = digest(draft.data)
        versions = self.standing.snapshot.versions_of(self.spec.path, key)
        if self.standing.papers.recurs(self.spec):
            return any(each.digest == name for each in versions)
        origin = "collected" if self.task.uses in COLLECTS else "handed"
        last = next((each for each in reversed(versions) if each.origin == origin), None)
        if (
            last is None
            or last.digest != name
            or last.seq <= self.standing.progress.reopened_at(self.task, key)
        ):
            return False
        return self.task.uses in COLLECTS or self.standing.papers.record(self.spec, key).state in (
            "valid",
            "draft",
        )

    def _collect_together(self) -> None:
        """Answers of many people to one survey: newer ones take the place of older ones."""
        untimely = admission.untimely(self.standing, self.spec, self.task, "")
        if untimely:
            raise Refusal(untimely)
        asked = set(people_asked(self.standing, self.task))
        known = self.standing.work.collected(self.task, "")
        answers = {each["code"]: each for each in known.data["answers"]} if known else {}
        for draft in self.handed.drafts:
            new = {"code": draft.key, **draft.data}
            (self.receipt.unchanged if answers.get(draft.key) == new else self.receipt.accepted).append(
                draft.key
            )
            answers[draft.key] = new
            if asked and draft.key not in asked:
                self.receipt.not_asked.append(draft.key)
        if self.receipt.accepted:
            data = {"answers": sorted(answers.values(), key=lambda each: str(each["code"]))}
            self.transaction.accept(
                self.programme, self.spec.path, "", data, self.now, origin="collected", by=self.by,
                file=self.handed.file_digest,
            )  # fmt: skip

    def _doubted(self) -> Receipt:
        """Name what was accepted but does not count: a refused consent, a check that fails."""
        if self.task.uses in COLLECTS:
            return self.receipt
        after = self.office.standing(self.transaction, self.programme, self.now)
        for key in self.receipt.accepted:
            record = after.papers.record(self.spec, key)
            if record.state in ("draft", "missing") and not after.papers.recurs(self.spec):
                self.receipt.doubts.append((key, record))
        if self.register:
            for reason in after.papers.failed_checks(self.spec):
                self.receipt.doubts.append(("", Record("draft", None, (reason,))))
            for reason in after.papers.failed_checks(self.spec, blocking=False):
                self.receipt.doubts.append(("", Record("draft", None, (reason,))))
        return self.receipt
