"""`people add | assign | list | find | show | export | erase`."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from flows import erasure
from flows.cli import talk
from flows.cli.address import By, office
from flows.dossier import dossier
from flows.office import Office
from flows.people import doubles, mistyped_code, read_code
from flows.store.transaction import Transaction
from schemas import messages, reader
from schemas.messages import said
from schemas.model import Role
from schemas.problems import Refusal, WrongUsage, problem

app = App(name="people", help="People of a school and their roles.", help_format="plaintext")


@app.command
def add(
    school: str,
    *,
    name: Annotated[str, Parameter(help="Family name, first name, patronymic.")],
    role: Annotated[
        list[str] | None, Parameter(help="A role to give at once; may be repeated.", consume_multiple=False)
    ] = None,
    phone: str = "",
    email: str = "",
) -> int:
    """Add a person; prints the code that stands for the name everywhere else."""
    name = " ".join(name.split())
    if len(name.split()) < 2:
        raise WrongUsage(problem("P12"))
    card = {"name": name, "phone": phone, "email": email}
    with office() as (found, _), found.store.write() as transaction:
        transaction.school(school)
        people = found.people(transaction)
        if known := people.find(school, name):
            raise Refusal(problem("P10", codes=known))
        code = people.add(school, {key: value for key, value in card.items() if value})
        for each in role or ():
            people.assign(school, code, each, _roles(found, transaction, school))
    print(code)
    return 0


@app.command
def assign(school: str, code: str, role: str) -> int:
    """Give a person a role in a school."""
    with office() as (found, _), found.store.write() as transaction:
        transaction.school(school)
        found.people(transaction).assign(
            school, read_code(code) or code, role, _roles(found, transaction, school)
        )
    talk.say("role_given", code=read_code(code), role=role)
    return 0


@app.command(name="list")
def list_(school: str, *, json: bool = False) -> int:
    """List the people of a school: code, name, roles."""
    with office() as (found, _), found.store.read() as view:
        view.school(school)
        people = found.people(view)
        names, roles = people.names(school), people.roles(school)
    _listed(school, names, roles, json=json)
    for one, other in doubles(names):
        talk.say("people_double", one=one, other=other)
    return 0


def _listed(school: str, names: Mapping[str, str], roles: Mapping[str, list[str]], *, json: bool) -> None:
    if json:
        rows = [{"code": code, "name": name, "roles": roles.get(code, [])} for code, name in names.items()]
        talk.data({"schema": "people/v1", "school": school, "people": rows})
        return
    for code, name in names.items():
        print(f"{code}  {name}" + (f"  ({', '.join(roles[code])})" if code in roles else ""))


@app.command
def find(school: str, text: str, *, json: bool = False) -> int:
    """Find people by a part of the name, in any order of its words, or by the code."""
    with office() as (found, _), found.store.read() as view:
        view.school(school)
        people = found.people(view)
        code = read_code(text)
        names = people.names(school, [code]) if code else people.alike(school, text)
        roles = people.roles(school)
    _listed(school, names, roles, json=json)
    if not names:
        talk.say("people_none")
    return 0


@app.command
def show(school: str, code: str, *, by: By, json: bool = False) -> int:
    """Show a person's card and where the person stands; that it was looked at goes into the journal."""
    kept = _taken(school, code, by, "seen")
    if json:
        talk.data(kept)
        return 0
    print(f"{kept['code']}  {kept['card'].get('name') or messages.word('person_erased', talk.language())}")
    for name in ("phone", "email"):
        if name in kept["card"]:
            print(f"  {kept['card'][name]}")
    for role in kept["roles"]:
        print(f"  {role}")
    newest = {(each["year"], each["paper"], each["key"]): each for each in kept["papers"]}
    for each in newest.values():
        print(
            f"  {each['year'] or '–'}  {each['paper']}{'/' + each['key'] if each['key'] else ''}  {each['at'][:10]}"
        )
    return 0


@app.command
def export(
    school: str,
    code: str,
    *,
    by: By,
    out: Annotated[Path | None, Parameter(help="The file to write; without it, to the screen.")] = None,
) -> int:
    """Everything that is kept of a person, as JSON: what the law lets everybody ask for."""
    if out is not None and not out.parent.is_dir():
        raise WrongUsage(problem("U04", path=out.parent))
    if out is not None and out.is_dir():
        raise WrongUsage(problem("W24", path=out, reason=said("reason_folder")))
    kept = _taken(school, code, by, "exported")
    if out is None:
        talk.data(kept)
        return 0
    out.write_text(dumps(kept, ensure_ascii=False, indent=2) + "\n", "utf-8")
    talk.say("person_exported", code=kept["code"], path=out)
    return 0


@app.command
def erase(
    school: str,
    code: str,
    *,
    by: By,
    reason: Annotated[str, Parameter(help="Why: who asked for it, and when.")],
) -> int:
    """Destroy a person's name and contacts for ever; prints the act. The code stays in papers and journal."""
    with office() as (found, now):
        with found.store.read() as view:
            code = _entitled(found, view, school, code, by)
        done = erasure.erase(found, school, code, read_code(by), reason, now)
    language = talk.language()
    values = {"code": code, "school": done.school, "day": now.date(), "reason": reason, "by": read_code(by)}
    print(messages.word("person_act", language, **values))
    for path in done.papers:
        print(messages.word("person_act_paper", language, paper=path))
    talk.say("person_act_said", code=code)
    return 0


def _taken(school: str, code: str, by: str, kind: str) -> dict[str, Any]:
    """The dossier of a person, after a line in the journal says who asked for it."""
    with office() as (found, now), found.store.write() as transaction:
        code = _entitled(found, transaction, school, code, by)
        found.people(transaction).note(school, code, kind, read_code(by), "", now)
        return dossier(found, transaction, school, code)


def _entitled(found: Office, transaction: Transaction, school: str, code: str, by: str) -> str:
    """The code in its one spelling; refused where the asker has no role in the school."""
    transaction.school(school)
    if read_code(by) not in found.people(transaction).roles(school):
        raise Refusal(problem("P14", by=by))
    if plain := read_code(code):
        return plain
    slip = mistyped_code(code)  # what else was typed may be a name, and is not told
    raise Refusal(problem("P11", code=slip) if slip else problem("P07"))


def _roles(found: Office, transaction: Transaction, school: str) -> dict[str, Role]:
    """The roles of the school's programme, else of the workspace's definitions."""
    for programme in reversed(transaction.programmes()):
        if programme.school == school:
            return dict(found.methodology(programme.bundle).roles)
    return dict(reader.read_folder(talk.workspace().methodology).or_refuse().roles)
