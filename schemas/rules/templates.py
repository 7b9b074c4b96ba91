"""What templates name exists in the data that their tasks fill them with."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from schemas.messages import hint
from schemas.problems import Location, Problem, problem
from schemas.rules.sources import Data, Sources
from schemas.sources import Source
from schemas.word_templates import NAMES, template_trees

Names = Mapping[str, Any]  # a JSON Schema as far as it goes; {} is a value of which nothing is known
_BLACK_BOX: Names = {}
LOOKS_MISSPELT = 0.8  # of difflib's likeness: "mentros" is "mentors", "response_share" is not "response"


@cache
def _nodes() -> Any:
    """The classes of a parsed template; loaded only where there is one."""
    from jinja2 import nodes

    return nodes


def _data(row: Names, papers: Names) -> Names:
    """What `flows.gather` gives a template, as a schema."""
    text = {"type": "string"}
    known = {
        "school": _closed({"id": text, "title": text}),
        "methodology": _closed({"title": text}),
        "row": row,
        "rows": {"type": "array", "items": row},
        "papers": _closed(papers),
    }
    return _closed({name: known.get(name, _BLACK_BOX) for name in NAMES})


def _closed(fields: Names) -> Names:
    return {"type": "object", "additionalProperties": False, "properties": fields}


def template_problems(sources: Sources) -> Iterator[Problem]:
    """Every name of a template that none of its data has."""
    for stage in sources.stages.values():
        for task in stage.data.get("tasks", {}).values():
            name = task.get("with", {}).get("template")
            if name not in sources.templates:
                continue
            file, content = sources.templates[name]
            data = _data(*_of_task(sources, stage, task))
            for tree in template_trees(content, name):
                for line, path, known in _Names(data).unknown(tree):
                    at = Location(file, line, 1) if name.endswith(".txt") else Location(file)
                    yield problem("R59", at, name=path, nearest=hint(path.rpartition(".")[2], known))


def _of_task(sources: Sources, stage: Source, task: Data) -> tuple[Names, Names]:
    artefacts, needs = stage.data.get("artefacts", {}), stage.data.get("needs", {})
    each = artefacts.get(task.get("writes"), {}).get("each")
    register = each if isinstance(each, str) else each.get("register") if each else None
    registers = sources.methodology.data["registers"]
    row: Names = _closed({})
    if register in registers:
        spec = sources.artefact(registers[register]["rows"])
        row = (spec and sources.row_schema(spec["schema"])) or _BLACK_BOX
    papers: dict[str, Names] = {}
    for name, spec in [
        *artefacts.items(),
        *((key, sources.artefact(need["artefact"])) for key, need in needs.items()),
    ]:
        papers[name] = sources.schemas.get(spec["schema"], _BLACK_BOX) if spec else _BLACK_BOX
    return row, papers


class _Names:
    """Walks a template with what is known of each name in it.

    A name that the template can do without (`if`, `default`) is told only where it looks misspelt.
    """

    def __init__(self, data: Names) -> None:
        self.data = data

    def unknown(self, tree: Any) -> Iterator[tuple[int, str, list[str]]]:
        """(line, name as it is written, what there is instead)."""
        found = list(self._walk(tree, dict(self.data["properties"])))
        guarded = set(_guarded(tree)) if found else set()
        for line, path, known in found:
            alike = difflib.get_close_matches(path.rpartition(".")[2], known, n=1, cutoff=LOOKS_MISSPELT)
            if alike or path not in guarded:
                yield line, path, known

    def _walk(self, node: Any, names: dict[str, Names]) -> Iterator[tuple[int, str, list[str]]]:
        nodes = _nodes()
        if isinstance(node, nodes.For):
            yield from self._walk(node.iter, names)
            bound = {each.name: _BLACK_BOX for each in node.target.find_all(nodes.Name)}
            if isinstance(node.target, nodes.Name):
                bound[node.target.name] = _items(self._kind(node.iter, names))
            inside = {**names, **bound, "loop": _BLACK_BOX}
            for child in (*node.body, *([node.test] if node.test else ())):
                yield from self._walk(child, inside)
            for child in node.else_:
                yield from self._walk(child, names)
            return
        if isinstance(node, nodes.Name) and node.name not in names:
            yield node.lineno, node.name, sorted(names)
        if isinstance(node, nodes.Getattr):
            yield from self._field(node, node.attr, names)
        elif (
            isinstance(node, nodes.Getitem)
            and isinstance(node.arg, nodes.Const)
            and isinstance(node.arg.value, str)
        ):
            yield from self._field(node, node.arg.value, names)
        for child in node.iter_child_nodes():
            yield from self._walk(child, names)

    def _field(self, node: Any, field: str, names: dict[str, Names]) -> Iterator[tuple[int, str, list[str]]]:
        kind = self._kind(node.node, names)
        known = kind.get("properties", {})
        if kind.get("additionalProperties") is False and field not in known:
            yield node.lineno, f"{_written(node.node)}.{field}", sorted(known)

    def _kind(self, node: Any, names: dict[str, Names]) -> Names:
        nodes = _nodes()
        if isinstance(node, nodes.Name):
            return names.get(node.name, _BLACK_BOX)
        if isinstance(node, nodes.Getattr):
            found: Names = self._kind(node.node, names).get("properties", {}).get(node.attr, _BLACK_BOX)
            return found if isinstance(found, Mapping) else _BLACK_BOX
        if isinstance(node, nodes.Filter) and node.node is not None:
            kind = self._kind(node.node, names)
            return (
                _items(kind)
                if node.name in ("first", "last")
                else kind
                if node.name == "default"
                else _BLACK_BOX
            )
        if isinstance(node, nodes.Or):
            return self._kind(node.left, names)
        return _BLACK_BOX


def _guarded(tree: Any) -> Iterator[str]:
    """The names that a template asks about before it uses them, or has something else for."""
    nodes = _nodes()
    for node in tree.find_all((nodes.If, nodes.CondExpr, nodes.Or, nodes.Test, nodes.Filter)):
        if isinstance(node, nodes.Filter) and node.name not in ("default", "blank"):
            continue
        asked = node.test if isinstance(node, nodes.If | nodes.CondExpr) else node
        yield from (_written(each) for each in asked.find_all((nodes.Getattr, nodes.Name)))
        yield _written(asked)


def _items(kind: Names) -> Names:
    found = kind.get("items", _BLACK_BOX)
    return found if isinstance(found, Mapping) else _BLACK_BOX


def _written(node: Any) -> str:
    nodes = _nodes()
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "…"
