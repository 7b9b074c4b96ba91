"""A small SVG of a methodology or a programme: stages left to right, papers and gates in them, ways back beneath.

Plain text in, plain text out; readable without colours, by a screen reader too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from operator import add

from flows.views.diagram import Column, Diagram, Edge, Gate, Paper
from flows.views.marks import MARKS
from schemas.messages import word

WIDTH, GAP, MARGIN, PAD = 186, 34, 20, 8  # of a column, between two, around all, inside a box
LINE, LANE = 15, 26
FILLS = {
    "done": "#d9f0d9", "approved": "#d9f0d9", "active": "#fff2c2", "open": "#fff2c2", "reopened": "#e4ddf7",
    "returned": "#e4ddf7", "stale": "#fbdcc4", "blocked": "#f7cfcc", "waiting": "#f3f3f3", "not_ready": "#f3f3f3",
    "rejected": "#f3f3f3", "ended": "#f3f3f3",
}  # fmt: skip
_STAGES = ("done", "active", "waiting", "reopened", "blocked")
_GATES = ("approved", "open", "not_ready", "returned", "stale")
_STYLE = (
    "text{font:12px 'DejaVu Sans',Verdana,'Liberation Sans',Arial,sans-serif;fill:#111}"
    ".h{paint-order:stroke;stroke:#fff;stroke-width:4px}"
    ".b{font-weight:bold}.s{font-size:10px}.t{font-size:18px;font-weight:bold}"
    "rect,.d{fill:#fff;stroke:#333}.f{fill:none;stroke:#999}"
    "path.e{fill:none;stroke:#333;stroke-width:1.5;marker-end:url(#a)}path.r{stroke-dasharray:6 4}"
)
_EMS = {  # the widths of DejaVu Sans, the widest of the usual fonts: letters of one width together
    **dict.fromkeys(" \u00a0", 0.33),
    **dict.fromkeys(".,:;!|'\"()[]/ijlfrtI-·", 0.42),
    **dict.fromkeys("мыдцъmw→↺✓▶●○", 0.84),
    **dict.fromkeys("жшщюфФДМWM@%—…", 0.99),
    **dict.fromkeys("ЖШЩЮ", 1.1),
}
_BOLD = 1.13


def width(text: str, size: float = 12, *, bold: bool = False) -> float:
    """How wide a text is at most, in the usual sans-serif fonts."""
    ems = sum(_EMS.get(each, 0.79 if each.isupper() else 0.66) for each in text)
    return ems * size * (_BOLD if bold else 1)


def wrapped(text: str, room: float, size: float = 12, *, bold: bool = False) -> list[str]:
    """A text in lines no wider than `room`; a word that is wider is broken, where it has a hyphen there."""
    lines = [""]
    for word_ in text.split(" "):
        for index, piece in enumerate(re.findall("[^-]+-*|-+", word_)):
            longer = f"{lines[-1]}{'' if index else ' '}{piece}".strip(" ")
            if width(longer, size, bold=bold) <= room:
                lines[-1] = longer
                continue
            if lines[-1]:
                lines.append("")
            for letter in piece:
                if width(f"{lines[-1]}{letter}-", size, bold=bold) > room:
                    lines[-1] += "-"
                    lines.append("")
                lines[-1] += letter
    return lines


def cut(text: str, room: float, size: float) -> str:
    """A text in one line, its end left out where it is too wide."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip(" ,") + "…"


@dataclass
class _Page:
    """What has been drawn so far."""

    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, style: str = "", anchor: str = "") -> None:
        kind = f' class="{style}"' if style else ""
        place = f' text-anchor="{anchor}"' if anchor else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}"{kind}{place}>{escape(text)}</text>')

    def lines(self, x: float, y: float, lines: Sequence[str], style: str = "") -> float:
        for each in lines:
            y += LINE
            self.text(x, y - 4, each, style)
        return y

    def box(self, x: float, y: float, wide: float, high: float, state: str = "", *, round: int = 0) -> None:
        fill = f' style="fill:{FILLS[state]}"' if state in FILLS else ""
        corner = f' rx="{round}"' if round else ""
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}"{corner}{fill}/>')

    def group(self, name: str, title: str) -> None:
        self.parts.append(f'<g class="{name}"><title>{escape(title)}</title>')

    def end(self) -> None:
        self.parts.append("</g>")


def svg(found: Diagram, language: str) -> str:
    """The picture as one SVG file."""
    page = _Page()
    above = _lanes(each for each in found.forward if each.end - each.start != 1)  # those go straight
    below = _lanes(found.back)
    wide = 2 * MARGIN + len(found.columns) * WIDTH + (len(found.columns) - 1) * GAP
    top = 58 + (max(above.values(), default=-1) + 1) * LANE + 12
    heads = [wrapped(f"{each.number}. {each.title}", WIDTH - 2 * PAD, bold=True) for each in found.columns]
    states = [
        _state_lines("stage", each.state, each.counted, WIDTH - 2 * PAD, language) for each in found.columns
    ]
    head = max(map(len, map(add, heads, states))) * LINE + 2 * PAD
    frames = _Page()
    bottoms = [
        _column(frames, each, _left(place), top, head, heads[place], states[place], language)
        for place, each in enumerate(found.columns)
    ]
    foot = max(bottoms) + PAD
    name = f"{found.title} – {found.school} {found.year}".rstrip(" –")
    page.text(MARGIN, 34, cut(name, (wide - 2 * MARGIN) / 1.3, 18), "t")
    for place in range(len(found.columns)):
        page.parts.append(
            f'<rect class="f" x="{_left(place)}" y="{top:g}" width="{WIDTH}" height="{foot - top:g}"/>'
        )
    page.parts += frames.parts
    _forward(page, found, above, top, head)
    end = _back(page, found, below, foot)
    high = _legend(page, found, end + 14, wide, language)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high:g}" width="{wide}" height="{high:g}"'
            ' role="img" aria-labelledby="title desc">',
            f'<title id="title">{escape(name)}</title>',
            f'<desc id="desc">{escape(_told(found, language))}</desc>',
            f"<style>{_STYLE}</style>",
            '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0 8 4 0 8z" fill="#333"/></marker></defs>',
            f'<rect width="{wide}" height="{high:g}" style="stroke:none"/>',
            *page.parts,
            "</svg>",
            "",
        ]
    ).rstrip("\n")


def _left(place: int) -> int:
    return MARGIN + place * (WIDTH + GAP)


# --- stages --------------------------------------------------------------------------------------


def _column(
    page: _Page,
    column: Column,
    x: int,
    top: float,
    head: float,
    title: list[str],
    state: list[str],
    language: str,
) -> float:
    """One stage; where its content ends."""
    page.group("stage", f"{column.number}. {column.title}")
    page.box(x, top, WIDTH, head, column.state)
    page.lines(x + PAD, page.lines(x + PAD, top + PAD, title, "b"), state)
    y = top + head + PAD
    for each in dict.fromkeys(["", *(paper.each for paper in column.papers)]):
        if each:
            y = page.lines(
                x + PAD, y + 3, wrapped(word("show_each", language, title=each), WIDTH - 2 * PAD, 10), "s"
            )
        for paper in column.papers:
            if paper.each == each:
                y = _paper(page, paper, x, y)
    page.end()
    for gate in column.gates:
        y = _gate(page, gate, x, y + PAD, language)
    return y


def _state_lines(kind: str, state: str, counted: str, room: float, language: str) -> list[str]:
    """The sign and the word of a state, and how many of how many; nothing where there is no state."""
    if not state:
        return []
    return wrapped(f"{MARKS.get(state, '·')} {word(f'{kind}_{state}', language)} {counted}".rstrip(), room)


def _paper(page: _Page, paper: Paper, x: int, y: float) -> float:
    mark = "●" if paper.required else "○"
    state = f"\u00a0{MARKS[paper.state]}" if MARKS.get(paper.state, "·") != "·" else ""
    page.text(x + PAD, y + LINE - 4, mark)
    return page.lines(x + PAD + 15, y, wrapped(paper.title + state, WIDTH - 2 * PAD - 15)) + 2


def _gate(page: _Page, gate: Gate, x: int, y: float, language: str) -> float:
    room = WIDTH - 4 * PAD
    title = wrapped(gate.title, room - 14, bold=True)
    each = wrapped(word("show_each", language, title=gate.each), room, 10) if gate.each else []
    state = _state_lines("gate", gate.state, gate.counted, room, language)
    small = [*each, *wrapped(" → ".join(gate.signers), room, 10)]
    for name, numbers in gate.returns:
        where = f"\u00a0→\u00a0{', '.join(map(str, numbers))}" if numbers else ""
        small += wrapped(f"↺ {name}{where}", room, 10)
    high = (len(title) + len(state) + len(small)) * LINE + PAD
    page.group("gate", gate.title)
    page.box(x + PAD, y, WIDTH - 2 * PAD, high, gate.state, round=10)
    middle = y + PAD / 2 + LINE / 2
    page.parts.append(f'<path class="d" d="M{x + 2 * PAD - 3} {middle:g}l6-6 6 6-6 6z"/>')
    inner = page.lines(x + 2 * PAD + 14, y + PAD / 2, title, "b")
    inner = page.lines(x + 2 * PAD, inner, state)
    page.lines(x + 2 * PAD, inner, small, "s")
    page.end()
    return y + high


# --- edges ---------------------------------------------------------------------------------------


def _lanes(edges: Iterable[Edge]) -> dict[Edge, int]:
    """A lane for each edge, short ones nearest, so that no two lie on one another."""
    found: dict[Edge, int] = {}
    for edge in sorted(edges, key=lambda each: (abs(each.end - each.start), each.start)):
        low, high = sorted((edge.start, edge.end))
        taken = {
            lane
            for other, lane in found.items()
            if max(low, min(other.start, other.end)) <= min(high, max(other.start, other.end))
        }
        found[edge] = next(lane for lane in range(len(found) + 1) if lane not in taken)
    return found


def _spread(edges: Iterable[Edge]) -> dict[tuple[Edge, bool], float]:
    """Where each edge leaves and enters its columns, so that no two do so at one place: from the left end."""
    found: dict[tuple[Edge, bool], float] = {}
    at: dict[int, list[tuple[int, Edge, bool]]] = {}
    for edge in edges:
        at.setdefault(edge.start, []).append((edge.end, edge, True))
        at.setdefault(edge.end, []).append((edge.start, edge, False))
    for place, ends in at.items():
        # what goes left stands left, the farthest way outermost on its side
        ends.sort(key=lambda each: (each[0] > place, -each[0]))
        for index, (_, edge, leaves) in enumerate(ends):
            found[edge, leaves] = WIDTH * (index + 1) / (len(ends) + 1)
    return found


def _forward(page: _Page, found: Diagram, lanes: dict[Edge, int], top: float, head: float) -> None:
    spread = _spread(lanes)
    for edge in found.forward:
        page.group("forward", f"{_ends(found, edge)}: {', '.join(edge.labels)}".rstrip(": "))
        if edge not in lanes:
            start, y = _left(edge.start) + WIDTH, top + head / 2
            page.parts.append(f'<path class="e" d="M{start} {y:g}H{_left(edge.end)}"/>')
        else:
            _arc(page, edge, spread, top, top - 12 - lanes[edge] * LANE, "e")
        page.end()
    _labels(page, lanes, spread, top - 12, -LANE)


def _back(page: _Page, found: Diagram, lanes: dict[Edge, int], foot: float) -> float:
    """The ways back; where the lowest of them runs."""
    spread = _spread(lanes)
    for edge, lane in lanes.items():
        page.group("back", f"{_ends(found, edge)}: {', '.join(edge.labels)}")
        _arc(page, edge, spread, foot, foot + 20 + lane * LANE, "e r")
        page.end()
    _labels(page, lanes, spread, foot + 20, LANE)
    return foot + 20 + max(lanes.values(), default=-1) * LANE


def _arc(
    page: _Page, edge: Edge, spread: dict[tuple[Edge, bool], float], base: float, y: float, style: str
) -> None:
    start, end = (_left(edge.start) + spread[edge, True], _left(edge.end) + spread[edge, False])
    turn = 8 if end > start else -8
    bend = 8 if y > base else -8
    page.parts.append(
        f'<path class="{style}" d="M{start:g} {base:g}V{y - bend:g}q0 {bend} {turn} {bend}'
        f'H{end - turn:g}q{turn} 0 {turn} {-bend}V{base:g}"/>'
    )


def _labels(
    page: _Page, lanes: dict[Edge, int], spread: dict[tuple[Edge, bool], float], first: float, step: float
) -> None:
    """What goes along each edge, over its lane; drawn last, so that no other edge crosses the letters."""
    for edge, lane in lanes.items():
        start, end = (_left(edge.start) + spread[edge, True], _left(edge.end) + spread[edge, False])
        text = cut(", ".join(edge.labels), abs(end - start) - 20, 10)
        page.text((start + end) / 2, first + lane * step - 4, text, "s h", "middle")


def _ends(found: Diagram, edge: Edge) -> str:
    return f"{found.columns[edge.start].number} → {found.columns[edge.end].number}"


# --- around --------------------------------------------------------------------------------------


def _legend(page: _Page, found: Diagram, y: float, wide: int, language: str) -> float:
    """What the signs mean; where the picture ends."""
    signs: list[tuple[str, str]] = [
        ("●", word("show_required", language)),
        ("○", word("show_optional", language)),
        ("◆", word("show_gate", language)),
        ("line", word("show_forward", language)),
        ("dashes", word("show_back", language)),
    ]
    rows = [signs]
    if found.school:
        for kind, states in (("stage", _STAGES), ("gate", _GATES)):
            told = [(each, f"{MARKS[each]} {word(f'{kind}_{each}', language)}") for each in states]
            rows.append([("", word(f"show_{kind}", language)), *told])
    page.parts.append('<g class="legend">')
    for row in rows:
        x = float(MARGIN)
        y += LINE + 7
        for sign, text in row:
            shift = 34 if sign in ("line", "dashes") else 24 if sign else 0
            needed = width(text, bold=not sign) + shift
            if x + needed > wide - MARGIN:
                x, y = float(MARGIN), y + LINE + 7
            _sign(page, sign, x, y)
            page.text(x + shift, y, text, "" if sign else "b")
            x += needed + 12
    page.end()
    return y + MARGIN


def _sign(page: _Page, sign: str, x: float, y: float) -> None:
    if sign in FILLS:
        page.box(x, y - 11, 18, 13, sign)
    elif sign in ("line", "dashes"):
        page.parts.append(f'<path class="e{" r" if sign == "dashes" else ""}" d="M{x:g} {y - 4:g}h28"/>')
    elif sign == "◆":
        page.parts.append(f'<path class="d" d="M{x + 2:g} {y - 4:g}l6-6 6 6-6 6z"/>')
    elif sign:
        page.text(x + 3, y, sign)


def _told(found: Diagram, language: str) -> str:
    """The picture in words."""
    parts = []
    for column in found.columns:
        state = (
            f" – {word(f'stage_{column.state}', language)} {column.counted}".rstrip() if column.state else ""
        )
        parts.append(f"{column.number}. {column.title}{state}")
    back = [f"{_ends(found, edge)}: {', '.join(edge.labels)}" for edge in found.back]
    ways = f". {word('show_back', language)}: {'; '.join(back)}" if back else ""
    return "; ".join(parts) + ways
