"""A methodology as a Mermaid flowchart: its stages with their gates, what is passed on, and the ways back."""

from __future__ import annotations

from flows.views.diagram import Column, Diagram, Gate
from flows.views.marks import MARKS
from schemas.messages import word

_CLASSES = {  # how a stage looks in each state
    "done": "fill:#d9f0d9",
    "active": "fill:#fff2c2",
    "waiting": "fill:#f3f3f3",
    "reopened": "fill:#e4ddf7",
    "blocked": "fill:#f7cfcc",
}


def mermaid(found: Diagram, language: str) -> str:
    """The picture as text that Mermaid draws."""
    lines = ["flowchart LR"]
    for column in found.columns:
        rows = [_stage(column, language), *(_gate(gate) for gate in column.gates)]
        lines.append(f'  {_name(column)}["{"<br/>".join(map(_text, rows))}"]')
    sent_back_to = {edge.end for edge in found.back}
    # Mermaid walks the arrows as they stand: first to where one is sent back to, so that ways back stay such
    for edge in sorted(found.forward, key=lambda each: (each.start, each.end not in sent_back_to)):
        lines.append(f"  {_name(found.columns[edge.start])} --> {_name(found.columns[edge.end])}")
    for edge in found.back:
        label = f'|"{_text(", ".join(edge.labels))}"| '
        lines.append(f"  {_name(found.columns[edge.start])} -.->{label}{_name(found.columns[edge.end])}")
    if found.school:
        lines += [f"  classDef {name} {style},stroke:#333,color:#111" for name, style in _CLASSES.items()]
        lines += [f"  class {_name(column)} {column.state}" for column in found.columns]
    return "\n".join(lines)


def _name(column: Column) -> str:
    """A name that is no word of Mermaid's own (`end`, `graph`, `default`)."""
    return f"s{column.number}_{column.id}"


def _stage(column: Column, language: str) -> str:
    state = f" – {MARKS[column.state]} {word(f'stage_{column.state}', language)}" if column.state else ""
    return f"{column.number}. {column.title}{state} {column.counted}".rstrip()


def _gate(gate: Gate) -> str:
    state = f"{MARKS.get(gate.state, '·')} {gate.counted}".rstrip() + " " if gate.state else ""
    back = " ↺" if gate.returns else ""
    return f"◆ {state}{gate.title} ({' → '.join(gate.signers)}){back}"


def _text(text: str) -> str:
    """A text inside quotes: what Mermaid or a page would read otherwise stands as an entity."""
    return "".join(f"#{ord(each)};" if each in '"#<>&`\\;' else each for each in text)
