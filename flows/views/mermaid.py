"""A methodology as a Mermaid flowchart: its stages and gates, what is passed on, and the ways back."""

from __future__ import annotations

from flows.views.diagram import Column, Diagram, Gate
from flows.views.marks import MARKS
from schemas.messages import word

_CLASSES = {  # a state of a stage or gate, and how it looks
    "done": "fill:#d9f0d9,stroke:#333,color:#111",
    "active": "fill:#fff2c2,stroke:#333,color:#111",
    "waiting": "fill:#f3f3f3,stroke:#333,color:#111",
    "reopened": "fill:#e4ddf7,stroke:#333,color:#111",
    "stale": "fill:#fbdcc4,stroke:#333,color:#111",
    "blocked": "fill:#f7cfcc,stroke:#333,color:#111",
}
_CLASS_OF = {"approved": "done", "open": "active", "not_ready": "waiting", "returned": "reopened"}


def mermaid(found: Diagram, language: str) -> str:
    """The picture as text that Mermaid draws."""
    lines = ["flowchart LR"]
    for column in found.columns:
        lines.append(f'  subgraph {_name(column)}["{_text(_stage(column, language))}"]')
        for gate in column.gates:
            lines.append(f'    {_name(column, gate)}{{{{"{_text(_gate(gate, language))}"}}}}')
        lines.append("  end")
    for edge in found.forward:
        lines.append(f"  {_name(found.columns[edge.start])} --> {_name(found.columns[edge.end])}")
    for edge in found.back:
        label = f'|"{_text(", ".join(edge.labels))}"| '
        lines.append(f"  {_name(found.columns[edge.start])} -.->{label}{_name(found.columns[edge.end])}")
    if found.school:
        lines += [f"  classDef {name} {style}" for name, style in _CLASSES.items()]
        for column in found.columns:
            lines.append(f"  class {_name(column)} {_class(column.state)}")
            lines += [f"  class {_name(column, gate)} {_class(gate.state)}" for gate in column.gates]
    return "\n".join(lines)


def _name(column: Column, gate: Gate | None = None) -> str:
    """A name that is no word of Mermaid's own (`end`, `graph`, `default`)."""
    return f"s{column.number}_{column.id}" + (f"_{gate.id}" if gate else "")


def _class(state: str) -> str:
    known = _CLASS_OF.get(state, state)
    return known if known in _CLASSES else "waiting"


def _stage(column: Column, language: str) -> str:
    state = f" – {MARKS[column.state]} {word(f'stage_{column.state}', language)}" if column.state else ""
    return f"{column.number}. {column.title}{state} {column.counted}".rstrip()


def _gate(gate: Gate, language: str) -> str:
    state = f"{MARKS.get(gate.state, '·')} " if gate.state else ""
    return f"{state}{gate.title} {gate.counted}".rstrip() + f" – {' → '.join(gate.signers)}"


def _text(text: str) -> str:
    """A text inside quotes: what Mermaid or a page would read otherwise stands as an entity."""
    return "".join(f"#{ord(each)};" if each in '"#<>&`\\;' else each for each in text)
