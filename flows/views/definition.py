"""A methodology to read: stage by stage, what it needs, gives, does and who approves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from flows.views.diagram import in_turn, kept_for
from schemas.messages import number, word
from schemas.model import Methodology
from schemas.spans import Span
from schemas.stage import (
    ArtefactSpec,
    Check,
    Checkpoint,
    Due,
    Each,
    Entry,
    Need,
    Requirement,
    SignOff,
    Stage,
    TaskSpec,
)


def text(methodology: Methodology, language: str) -> str:
    """The whole methodology as plain lines."""
    return "\n".join(_Text(methodology, language).lines())


class _Text:
    def __init__(self, methodology: Methodology, language: str) -> None:
        self.methodology, self.language = methodology, language

    def word(self, name: str, **values: object) -> str:
        return word(name, self.language, **values)

    def lines(self) -> Iterator[str]:
        yield f"{self.methodology.title} {self.methodology.version} ({self.methodology.digest[:12]})"
        yield f"* – {self.word('show_required')}"
        for stage in self.methodology.stages.values():
            yield ""
            yield f"{stage.number}. {stage.title}  [{stage.id}]"
            yield from self.part("show_needs", [(each.id, self.need(each)) for each in stage.needs.values()])
            yield from self.part("show_enter", [(each.id, self.entry(each)) for each in stage.enter])
            yield from self.part(
                "show_params", [(key, self.value(each)) for key, each in stage.params.items()]
            )
            papers = [
                (
                    f"{'' if each is whole else '  '}{'* ' if each.required else '  '}{each.id}",
                    self.paper(each),
                )
                for whole in stage.artefacts.values()
                if whole.part_of is None
                for each in (whole, *self.methodology.parts.get(whole.path, ()))
            ]
            yield from self.part("show_papers", papers)
            yield from self.part(
                "show_tasks", [(each.id, self.task(stage, each)) for each in stage.tasks.values()]
            )
            for gate in stage.checkpoints.values():
                yield from self.gate(gate)

    def part(self, name: str, rows: list[tuple[str, str]], indent: int = 3) -> Iterator[str]:
        """Names and what they are, one under another."""
        if rows:
            yield f"{'':{indent}}{self.word(name)}:"
            wide = max(len(key) for key, _ in rows)
            for key, value in rows:
                yield f"{'':{indent + 2}}{key:{wide}}  {value}"

    # --- what a stage consists of ----------------------------------------------------------------

    def need(self, need: Need) -> str:
        found = [f"{self.methodology.artefact(need.artefact).title} ({need.artefact})"]
        if need.level == "approved":
            found.append(self.word("paper_approved"))
        if need.passed:
            found.append(self.word("show_passed", title=self.methodology.checkpoint(need.passed).title))
        if need.optional:
            found.append(self.word("show_if_any"))
        return ", ".join(found)

    def entry(self, entry: Entry) -> str:
        if entry.check is None:
            return self.word(
                "show_all_passed", title=self.methodology.checkpoint(entry.all_passed or "").title
            )
        return self.check(entry.check)

    def check(self, check: Check) -> str:
        told = self.word("show_check", text=check.condition.text, message=check.message)
        return told if check.blocks else f"{told} ({self.word('show_warns')})"

    def value(self, value: object) -> str:
        return number(value, self.language) if isinstance(value, float) else str(value)

    def paper(self, spec: ArtefactSpec) -> str:
        found = [spec.title]
        if spec.each:
            found.append(self.each(spec.each))
        if spec.in_force:
            found.append(self.word("show_in_force", field=spec.in_force.until))
        if spec.retention:
            found.append(self.word("show_retention", span=self.span(spec.retention)))
        found += [self.check(check) for check in spec.checks]
        return "; ".join(found)

    def each(self, each: Each) -> str:
        condition = f", {self.word('show_if', text=each.where.text)}" if each.where else ""
        return self.word("show_each", title=kept_for(self.methodology, each)) + condition

    def task(self, stage: Stage, task: TaskSpec) -> str:
        role = self.methodology.roles[task.role].title if task.role else self.word("show_engine")
        title = stage.artefacts[task.writes].title if task.writes else task.title
        found = [f"{role} ({task.uses}): {title}"]
        if task.due:
            found.append(self.due(task.due))
        if task.every:
            found.append(self.word("show_every", span=self.span(task.every.period)))
        if task.on_request:
            found.append(self.word("task_on_request"))
        if task.after:
            found.append(self.word("show_after", names=task.after))
        if task.reads:
            found.append(self.word("show_reads", names=task.reads))
        return ", ".join(found)

    def due(self, due: Due) -> str:
        if due.within:
            return self.word("show_within", span=self.span(due.within))
        month, day = due.by or (0, 0)
        return self.word(
            "show_by", day=f"{day:02}.{month:02}" if self.language == "ru" else f"{month:02}-{day:02}"
        )

    def span(self, span: Span) -> str:
        years, months = divmod(span.months, 12)
        counts = {"span_years": years, "span_months": months}
        found = [self.word(name, count=count) for name, count in counts.items() if count]
        if span.rest.days:
            found.append(
                self.word("span_school_days" if span.school_days else "span_days", count=span.rest.days)
            )
        hours = (span.rest - timedelta(days=span.rest.days)).total_seconds() / 3600
        if hours:
            found.append(self.word("span_hours", count=number(hours, self.language)))
        return " ".join(found)

    # --- gates -----------------------------------------------------------------------------------

    def gate(self, gate: Checkpoint) -> Iterator[str]:
        each = f", {self.each(Each(gate.register))}" if gate.register else ""
        yield f"   ◆ {gate.title}  [{gate.id}]{each}"
        yield from self.part(
            "show_requires", [(each.id, self.requirement(gate, each)) for each in gate.requires], 5
        )
        yield from self.part("show_signs", [(each.id, self.signature(each)) for each in in_turn(gate)], 5)
        ways = [
            (each.id, f"{each.title} → {self.paths(gate.stage, each.reopen)}")
            for each in gate.on_return.values()
        ]
        yield from self.part("show_returns", ways, 5)

    def requirement(self, gate: Checkpoint, requirement: Requirement) -> str:
        if requirement.check:
            found = self.check(requirement.check)
        elif requirement.all_passed:
            found = self.word(
                "show_all_passed", title=self.methodology.checkpoint(requirement.all_passed).title
            )
        else:
            title = self.methodology.stages[gate.stage].artefacts[requirement.id].title
            found = f"{title}: {self.word(f'paper_{requirement.level}')}"
        if requirement.waive:
            found += f" ({self.word('show_waive', names=self.roles(requirement.waive.who))})"
        return found

    def signature(self, entry: SignOff) -> str:
        found = [f"{self.methodology.roles[entry.role].title}: {self.word(f'act_{entry.act}')}"]
        if entry.recorded_by:
            found.append(self.word("show_recorded_by", names=self.roles([entry.recorded_by])))
        if entry.actors_not:
            found.append(self.word("show_not", names=entry.actors_not))
        asked = [self.word(f"show_{name}") for name, needed in entry.asks.items() if needed]
        return ", ".join(found) + (f" ({', '.join(asked)})" if asked else "")

    def roles(self, names: Iterable[str]) -> list[str]:
        return [self.methodology.roles[name].title for name in names]

    def paths(self, stage: str, paths: Iterable[str]) -> str:
        return ", ".join(path.removeprefix(f"{stage}/") for path in paths)
