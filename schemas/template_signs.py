"""What a template may be made of: data, loops, conditions and listed filters; nothing that calls or assigns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import nodes

OURS = ("default", "d", "blank", "join", "percent", "items", "ru_date", "person", "people", "form_title")
BUILT_IN = ("length", "count", "first", "last", "upper", "lower", "capitalize", "trim", "round", "sort")
FILTERS = frozenset({*OURS, *BUILT_IN})
TESTS = ("defined", "undefined", "none", "odd", "even", "divisibleby", "string", "number", "true", "false")
MAX_NESTED_LOOPS = 4

_NODES = (
    nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Const, nodes.List, nodes.Tuple,
    nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Keyword, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Concat, nodes.Add, nodes.Sub,
    nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos, nodes.Template,
)  # fmt: skip
_SIGNS: Mapping[type[nodes.Node], str] = {
    nodes.Pow: "**", nodes.Assign: "{% set %}", nodes.AssignBlock: "{% set %}", nodes.Dict: "{ }",
    nodes.ScopedEvalContextModifier: "{% autoescape %}",
}  # fmt: skip


def offences(node: nodes.Node, loops: int = 0) -> Iterator[tuple[int, str]]:
    """(line, what is not allowed there) of a parsed template."""
    if isinstance(node, nodes.For):
        loops += 1
    if what := _offence(node, loops):
        yield node.lineno or 0, what
    for child in node.iter_child_nodes():
        yield from offences(child, loops)


def _offence(node: nodes.Node, loops: int) -> str:
    """What to call a node that is not allowed, or an empty text."""
    match node:
        case nodes.Call():
            return f"{getattr(node.node, 'name', None) or getattr(node.node, 'attr', '')}()"
        case nodes.Filter() if node.name not in FILTERS or node.node is None:
            return f"|{node.name}"
        case nodes.Test() if node.name not in TESTS:
            return f"is {node.name}"
        case nodes.Name() if node.name.startswith("_"):
            return node.name
        case nodes.Getattr() if node.attr.startswith("_"):
            return f".{node.attr}"
        case nodes.For() if loops > MAX_NESTED_LOOPS or node.recursive:
            return "{% for %}"
    if isinstance(node, _NODES):
        return ""
    return _SIGNS.get(type(node), f"{{% {type(node).__name__.lower()} %}}")
