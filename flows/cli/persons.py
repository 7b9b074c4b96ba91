"""`people add | assign | list`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from flows.cli import talk
from flows.cli.address import office
from flows.office import Office
from flows.people import read_code
from flows.store.transaction import Transaction
from schemas import reader
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
    if json:
        rows = [{"code": code, "name": name, "roles": roles.get(code, [])} for code, name in names.items()]
        talk.data({"schema": "people/v1", "school": school, "people": rows})
        return 0
    for code, name in names.items():
        print(f"{code}  {name}" + (f"  ({', '.join(roles[code])})" if code in roles else ""))
    return 0


def _roles(found: Office, transaction: Transaction, school: str) -> dict[str, Role]:
    """The roles of the school's programme, else of the workspace's definitions."""
    for programme in reversed(transaction.programmes()):
        if programme.school == school:
            return dict(found.methodology(programme.bundle).roles)
    return dict(reader.read_folder(talk.workspace().methodology).or_refuse().roles)
