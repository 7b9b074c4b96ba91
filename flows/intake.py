"""Somebody hands in a file: who may, when, what is in it – recorded whole, or refused with every problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flows import drafts
from flows.drafts import Draft, Handed
from flows.engine.papers import Record
from flows.engine.reasons import place, said_of
from flows.engine.reconcile import holders
from flows.engine.snapshot import Member
from flows.engine.standing import Standing
from flows.gather import GROUP_CODE, matching_people
from flows.office import Office
from flows.people import People, person_fields, plain_name, read_code
from flows.store import records
from flows.store.store import Transaction
from schemas import surveys
from schemas.messages import unknown
from schemas.model import ArtefactSpec, TaskSpec
from schemas.problems import NOWHERE, InvalidData, Location, Problem, Refusal, WrongUsage, problem
from schemas.sources import Pointer
from schemas.validation import violations

COLLECTS = ("survey", "training")  # kinds whose papers the engine makes from what was handed in
MACHINE_MADE = ("matching", "evaluation", "report", "notice")


@dataclass
class Receipt:
    """What came of handing something in."""

    path: str
    accepted: list[str] = field(default_factory=list)  # keys; one empty key for the programme's own paper
    unchanged: list[str] = field(default_factory=list)
    not_owed: list[str] = field(default_factory=list)
    new_people: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    doubts: list[tuple[str, Record]] = field(default_factory=list)  # accepted, but not valid


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


def read_key(spec: ArtefactSpec, key: str) -> str:
    """A key as somebody typed it, in its one spelling where it is a code."""
    if spec.each is None or spec.each.register is None:
        return key.strip()
    return read_code(key) or key.strip().upper().replace("G-", "Г-")


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
    if handed.problems:
        raise InvalidData(handed.problems)
    with office.store.write() as transaction:
        row = transaction.programme_by_id(programme.id or 0)
        if transaction.seen(request):
            return Receipt(aim.spec.path)
        desk = _Intake(office, transaction, row, aim, handed, read_code(by) or by, now)
        receipt = desk.receive()
        transaction.note(request, row)
        office.settle(transaction, row, now)
        return receipt


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
        for draft in self.handed.drafts:
            self._name_people(draft)
        self._raise()
        for draft in self.handed.drafts:
            self._valid(draft)
        self._raise()
        if self.register:
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
        if self.task.role is None or self.methodology.roles[self.task.role].of is not None:
            return  # settled key by key
        if self.by not in self.standing.snapshot.holders.get(self.task.role, ()):
            raise Refusal(problem("P01", by=self.by, role=self.methodology.roles[self.task.role].title))

    def _entitled(self, key: str) -> bool:
        """Whether this person may bring the paper of one key: its own, or anybody's as one of the staff."""
        if self.task.role and self.methodology.roles[self.task.role].of is None:
            return True
        if any(self.by in codes for codes in self.standing.snapshot.holders.values()):
            return True
        role = self.task.role or self.methodology.surveys[self.task.options["survey"]]["audience"]
        return self.by in holders(self.standing, role, self.task, key)

    # --- names become codes ------------------------------------------------------------------

    def _name_people(self, draft: Draft) -> None:
        """Replace names by codes; new people of a base get a code, their names and contacts leave the paper."""
        schema = self.methodology.schemas[self.spec.schema]
        rows = schema.get("properties", {}).get("rows", {}).get("items", {})
        if "rows" in draft.data and person_fields(rows):  # a base, or a list such as next year's mentors
            self._enter_base(draft, rows)
        if self.task.uses == "survey":
            schema = surveys.answer_schema(self.methodology.surveys[self.task.options["survey"]])
        draft.data = self._coded(draft.data, schema, draft, ())
        if self.spec.each:
            draft.key = self._key(draft)
        elif self.task.uses == "survey" and not draft.source:
            draft.key = self._code(draft.key or draft.name, draft.at_key or draft.at())

    def _key(self, draft: Draft) -> str:
        register = self.spec.each.register if self.spec.each else None
        if register is None or self.methodology.registers[register].members:
            key = self._item(draft.key) if register is None else read_key(self.spec, draft.key)
            known = (
                self.standing.members.rows(register) if register else self.standing.papers.items(self.spec)
            )
            if key not in known:
                self.problems.append(
                    problem("D20", draft.at_key or draft.at(), key=key or "–", known=list(known)[:12])
                )
            return key
        code = self._code(draft.key or draft.name, draft.at_key or draft.at())
        if code and code not in self.standing.members.rows(register):
            title = self.methodology.registers[register].title
            self.problems.append(problem("D21", draft.at_key or draft.at(), code=code, register=title))
        return code

    def _item(self, text: str) -> str:
        """An item of a list by its id, or by the title of the form that it names."""
        for form in self.methodology.forms.values():
            if plain_name(text).replace("–", "-") == plain_name(form.title).replace("–", "-"):
                return form.id
        return text

    def _coded(self, data: Any, schema: Mapping[str, Any], draft: Draft, pointer: Pointer) -> Any:
        if schema.get("x-person") and isinstance(data, str):
            return self._code(data, draft.at(pointer))
        if isinstance(data, list):
            inner = schema.get("items", {})
            inner = {**inner, "x-person": True} if schema.get("x-person") else inner
            return [self._coded(each, inner, draft, (*pointer, index)) for index, each in enumerate(data)]
        if isinstance(data, Mapping):
            fields = schema.get("properties", {})
            return {
                name: self._coded(value, fields.get(name, {}), draft, (*pointer, name))
                for name, value in data.items()
            }
        return data

    def _code(self, text: str, at: Location) -> str:
        """A code for what stands in a cell: a code, or the name of one known person."""
        text = text.strip()
        code = read_code(text)
        if code:
            if code not in self._known_codes:
                self.problems.append(problem("P02", at, code=code))
            return code
        if not text:
            self.problems.append(problem("P03", at))
            return ""
        if any(sign.isdigit() for sign in text):
            self.problems.append(problem("P04", at))
            return ""
        found = self.people.find(self.school, text)
        if len(found) != 1:
            self.problems.append(problem("P05" if found else "P07", at, codes=found))
            return ""
        return found[0]

    @property
    def _known_codes(self) -> set[str]:
        return self.people.codes(self.school)

    def _enter_base(self, draft: Draft, schema: Mapping[str, Any]) -> None:
        fields = person_fields(schema)
        seen_codes: dict[str, int] = {}
        seen_names: dict[str, int] = {}
        plan: list[tuple[dict[str, Any], dict[str, str], str]] = []
        for index, row in enumerate(draft.data["rows"]):
            card = {kind: str(row.pop(name)) for name, kind in fields.items() if name in row}
            at = draft.at(("rows", index))
            code = self._entered_code(row, card, at)
            name = plain_name(card.get("name", ""))
            if not code and name in seen_names:
                self.problems.append(problem("P08", at, first=seen_names[name]))
            if code and code in seen_codes:
                self.problems.append(problem("P09", at, code=code, first=seen_codes[code]))
            seen_names.setdefault(name, index + 1)
            seen_codes.setdefault(code, index + 1)
            plan.append((row, card, code))
        if self.problems:
            return
        for row, card, code in plan:
            if code:
                self.people.update(self.school, code, card)
            else:
                code = self.people.add(self.school, card)
                self.receipt.new_people.append(code)
            row["code"] = code

    def _entered_code(self, row: Mapping[str, Any], card: Mapping[str, str], at: Location) -> str:
        """The code of a row of a base: as written, or of the one person known by that name."""
        written = str(row.get("code", "")).strip()
        if written:
            code = read_code(written)
            if not code:
                self.problems.append(problem("P04", at))
            elif code not in self._known_codes:
                self.problems.append(problem("P02", at, code=code))
            return code
        if not card.get("name"):
            self.problems.append(problem("P03", at))
            return ""
        found = self.people.find(self.school, card["name"])
        if len(found) > 1:
            self.problems.append(problem("P05", at, codes=found))
        return found[0] if len(found) == 1 else ""

    # --- what --------------------------------------------------------------------------------

    def _valid(self, draft: Draft) -> None:
        if self.task.uses == "training":
            return
        if self.task.uses == "survey":
            survey = self.methodology.surveys[self.task.options["survey"]]
            answers = draft.data.get("answers", draft.data) if draft.source else draft.data
            when = answers.pop(drafts.WHEN, None) if isinstance(answers, dict) else None
            self.problems.extend(violations(surveys.answer_schema(survey), answers, draft.at, "D"))
            draft.data = {"answers": answers, **({"answered_at": f"{when}T00:00:00+00:00"} if when else {})}
            return
        schema = self.methodology.schemas[self.spec.schema]
        self.problems.extend(violations(schema, draft.data, draft.at, "D"))

    def _table_problems(self, draft: Draft) -> Iterator[Problem]:
        """What a register's table must keep: its keys once, nobody left out, its members known and fitting."""
        register = self.methodology.registers[self.register or ""]
        if register.members:
            self._number_groups(draft, register.key)
        keys = [row.get(register.key, "") for row in draft.data["rows"]]
        for index, key in enumerate(keys):
            if keys.index(key) != index:
                yield problem("D22", draft.at(("rows", index)), key=key)
        for key in self.standing.members.live(register.id):
            if key not in keys:
                yield problem("D23", draft.at(), key=key)
        for index, row in enumerate(draft.data["rows"]):
            for name, field_name in register.members.items():
                for code in row.get(field_name, ()):
                    if code not in self.standing.members.rows(name):
                        title = self.methodology.registers[name].title
                        yield problem("D21", draft.at(("rows", index, field_name)), code=code, register=title)
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
            words = {lang: text(broken["rule"], lang, **broken["values"]) for lang in ("ru", "en")}
            yield problem("D24", at, rule=words)

    def _keys_once(self) -> None:
        if self.spec.each is None or self.standing.papers.recurs(self.spec):
            return
        seen: dict[str, Draft] = {}
        for draft in self.handed.drafts:
            if draft.key in seen:
                self.problems.append(problem("D22", draft.at_key or draft.at(), key=draft.key))
            seen.setdefault(draft.key, draft)

    # --- when --------------------------------------------------------------------------------

    def _in_time(self) -> None:
        """Refuse what comes before its task has opened, or after its member has ended."""
        kept = []
        for draft in self.handed.drafts:
            key = draft.key if self.spec.each else ""
            item = place(self.spec.path, key)
            standing = self.standing.work.task(self.task, key)
            if not self._entitled(key):
                role = self.methodology.roles[self.task.role or ""].title if self.task.role else key
                self.problems.append(problem("P01", by=self.by, role=role))
            elif self._same(draft, key):
                kept.append(draft)  # a log that grows holds old rows, also of those who have ended since
            elif standing.state == "not_owed":
                self.receipt.not_owed.append(key)
            elif standing.state == "ended":
                self.problems.append(problem("G01", draft.at_key or NOWHERE, item=item))
            elif standing.state == "frozen":
                self.problems.append(
                    problem(
                        "G21",
                        draft.at_key or NOWHERE,
                        item=item,
                        reasons=[said_of(each) for each in standing.reasons[:4]],
                    )
                )
            elif self._early(key):
                self.problems.append(
                    problem(
                        "G20",
                        draft.at_key or NOWHERE,
                        item=item,
                        reasons=[said_of(each) for each in self._waits(key)[:4]],
                    )
                )
            else:
                kept.append(draft)
        self.handed.drafts = kept

    def _early(self, key: str) -> bool:
        if self.task.on_request:
            return bool(self._waits(key))
        return self.standing.progress.opened(self.task, key) is None

    def _waits(self, key: str) -> tuple[Any, ...]:
        member = self.standing.progress.member(self.task, key)
        if self.task.on_request:
            return self.standing.work.needs_missing(self.task.stage, member)
        return self.standing.work.task(self.task, key).reasons

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
        fields = self.methodology.schemas[self.spec.schema].get("properties", {})
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
        if self._early(""):
            raise Refusal(
                problem("G20", item=self.spec.path, reasons=[said_of(each) for each in self._waits("")[:4]])
            )
        known = self.standing.work.collected(self.task, "")
        answers = {each["code"]: each for each in known.data["answers"]} if known else {}
        for draft in self.handed.drafts:
            new = {"code": draft.key, **draft.data}
            (self.receipt.unchanged if answers.get(draft.key) == new else self.receipt.accepted).append(
                draft.key
            )
            answers[draft.key] = new
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
