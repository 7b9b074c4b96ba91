"""People: the one place that holds names and contacts, sealed; everything else knows a code.

Each person's card is sealed with a key of its own (AES-256-GCM), that key is wrapped by the workspace's key,
which lies outside the database. Destroying a person's key makes the card unreadable for ever.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlmodel import col, func, select

from flows.store import journal
from flows.store.records import Assignment, Person, PersonFact, moment
from flows.store.transaction import Transaction
from schemas.messages import unknown
from schemas.model import Role
from schemas.problems import NOWHERE, Problem, Refusal, WrongUsage, problem

PREFIX = "Н"
KEY_BYTES = 32
_CODE = re.compile(r"([А-ЯЁ])-([0-9]{3,5})-([0-9])")
_LATIN = str.maketrans("HABCEKMOPTX", "НАВСЕКМОРТХ")

Card = Mapping[str, str]


def make_code(number: int) -> str:
    """`Н-017-4`: a number with a check digit (Luhn), so that a slip of the pen is noticed."""
    return f"{PREFIX}-{number:03d}-{_luhn(str(number))}"


def read_code(text: str) -> str:
    """A code as somebody typed it, in its one spelling; empty if it is none."""
    plain = _spelt(text)
    found = _CODE.fullmatch(plain)
    return plain if found and _luhn(str(int(found.group(2)))) == found.group(3) else ""


def mistyped_code(text: str) -> str:
    """A text that has the shape of a code but not its check digit, in one spelling; else empty."""
    plain = _spelt(text)
    return "" if read_code(text) or not _CODE.fullmatch(plain) else plain


def _spelt(text: str) -> str:
    return re.sub(r"\s+", "", text).upper().translate(_LATIN).replace("–", "-").replace("—", "-")


def _luhn(digits: str) -> str:
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def plain_name(name: str) -> str:
    """A name for comparing: case, ё, dots and spaces do not matter."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("ё", "е")
    return " ".join(text.replace(".", " ").split())


def may_mean(text: str, name: str) -> bool:
    """Whether each word of a text is one of a name's, its beginning, or a slip of it; in whatever order."""
    left = plain_name(name).split()
    for word in plain_name(text).split():
        close = [each for each in left if each.startswith(word)] or get_close_matches(word, left, 1, 0.8)
        if not close:
            return False
        left.remove(close[0])
    return bool(text.strip())


def doubles(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of codes whose names may be one person's: other order, ё for е, initials, no patronymic."""
    by_word: dict[str, list[str]] = {}
    words = {code: plain_name(name).split() for code, name in names.items()}
    for code, each in words.items():
        for word in {word for word in each if len(word) > 1}:
            by_word.setdefault(word, []).append(code)
    found = {
        (one, other)
        for codes in by_word.values()
        for index, one in enumerate(codes)
        for other in codes[index + 1 :]
        if _may_be_one(words[one], words[other])
    }
    return sorted(found)


def _may_be_one(one: list[str], other: list[str]) -> bool:
    """Whether each word of the shorter name stands in the longer one, or begins or shortens a word there."""
    short, left = sorted((one, other), key=len)
    left = list(left)
    for word in sorted(short, key=len, reverse=True):
        close = [each for each in left if each == word] or [
            each
            for each in left
            if 1 in (len(each), len(word)) and (each.startswith(word) or word.startswith(each))
        ]
        if not close:
            return False
        left.remove(close[0])
    return len(short) > 1


class People:
    """The people of a workspace, in one transaction; refused where the key is lost or of another database."""

    def __init__(self, transaction: Transaction, key_file: Path) -> None:
        self.session = transaction.session
        try:
            self._master = key_file.read_bytes()
        except FileNotFoundError:
            raise Refusal(problem("W20", path=key_file)) from None
        some = self.session.exec(
            select(Person).where(Person.wrapped_key != b"").limit(5)
        ).all()  # one changed row does not blame the key
        if len(self._master) != KEY_BYTES or (some and not any(map(self._is_sound, some))):
            raise Refusal(problem("W21", path=key_file))

    def add(self, school: str, card: Card, code: str = "") -> str:
        """A new person; the code is the next free one unless it is given."""
        number = int(code.split("-")[1]) if code else self._next(school)
        code = code or make_code(number)
        if self.session.get(Person, (school, code)):
            raise Refusal(problem("P06", code=code))
        key = AESGCM.generate_key(bit_length=256)
        person = Person(
            school=school,
            code=code,
            number=number,
            wrapped_key=_seal(self._master, key, f"{school}|{code}|key"),
            sealed=b"",
            lookup="",
        )
        self._write(person, card)
        return code

    def update(self, school: str, code: str, card: Card) -> None:
        """Add to a card what it does not say yet or says otherwise; an empty value changes nothing."""
        told = {name: value for name, value in card.items() if value}
        if not told:
            return
        person = self._get(school, code)
        known = dict(self._open(person))
        new = {**known, **told}
        if new != known:
            self._write(person, new)

    def card(self, school: str, code: str) -> Card:
        """The names and contacts of a person."""
        return self._open(self._get(school, code))

    def names(self, school: str, codes: Iterable[str] | None = None) -> dict[str, str]:
        """Names by code: of these people, or of the whole school."""
        query = select(Person).where(Person.school == school)
        wanted = None if codes is None else set(codes)
        return {
            person.code: self._open(person).get("name", "")
            for person in self.session.exec(query.order_by(col(Person.number)))
            if person.wrapped_key and (wanted is None or person.code in wanted)
        }

    def alike(self, school: str, text: str) -> dict[str, str]:
        """Names by code of the people whom a text may mean: some of their names, initials, a slip of the pen."""
        return {code: name for code, name in self.names(school).items() if may_mean(text, name)}

    def is_erased(self, school: str, code: str) -> bool:
        """Whether the person's key is destroyed."""
        return not self._get(school, code).wrapped_key

    def erase(self, school: str, code: str) -> None:
        """Destroy the person's key, so that the card can be read nowhere; the code stays, and stays taken."""
        person = self._get(school, code)
        if not person.wrapped_key:
            raise Refusal(problem("P13", code=code))
        person.wrapped_key = person.sealed = b""
        person.lookup = ""
        self.session.flush()

    def note(self, school: str, code: str, kind: str, by: str, reason: str, now: datetime) -> None:
        """Somebody looked at a card (`seen`), took it away (`exported`) or had it destroyed (`erased`)."""
        at = moment(now)
        row = PersonFact(seq=0, school=school, code=code, kind=kind, by=by, at=at, reason=reason)
        journal.append(self.session, "person", row, at, 0)

    def codes(self, school: str) -> set[str]:
        """All codes of a school."""
        return set(self.session.exec(select(Person.code).where(Person.school == school)))

    def find(self, school: str, name: str) -> list[str]:
        """Codes of the people with this name."""
        lookup = self._lookup(name)
        query = select(Person.code).where(Person.school == school, Person.lookup == lookup)
        return sorted(self.session.exec(query))

    def assign(self, school: str, code: str, role: str, roles: Mapping[str, Role]) -> None:
        """Give a person a role in a school."""
        if self.is_erased(school, code):
            raise Refusal(problem("P13", code=code))
        staff = [name for name, each in roles.items() if each.of is None and not each.body]
        if role not in staff:
            raise WrongUsage(unknown(NOWHERE, "role", role, staff))
        if self.session.get(Assignment, (school, code, role)) is None:
            self.session.add(Assignment(school=school, code=code, role=role))
            self.session.flush()

    def roles(self, school: str) -> dict[str, list[str]]:
        """Roles by code."""
        found: dict[str, list[str]] = {}
        query = select(Assignment).where(Assignment.school == school).order_by(Assignment.role)
        for row in self.session.exec(query):
            found.setdefault(row.code, []).append(row.role)
        return found

    def damage(self) -> Iterator[Problem]:
        """Every record that is not as it was written, and every role of somebody who has none."""
        known = set()
        facts = self.session.exec(select(PersonFact).where(PersonFact.kind == "erased"))
        erased = {(fact.school, fact.code) for fact in facts}
        for person in self.session.exec(select(Person).order_by(Person.school, col(Person.number))):
            known.add((person.school, person.code))
            if (person.school, person.code) in erased:
                sound = not person.wrapped_key and not person.sealed and not person.lookup
            else:
                sound = self._is_sound(person)
            if not sound:
                yield problem("V10", code=_shown_code(person.code), school=person.school)
        for row in self.session.exec(select(Assignment)):
            if (row.school, row.code) not in known:
                yield problem("V11", code=_shown_code(row.code), role=row.role, school=row.school)

    def _is_sound(self, person: Person) -> bool:
        try:
            card = self._open(person)
        except Refusal:
            return False
        return person.code == make_code(person.number) and person.lookup == self._lookup(card.get("name", ""))

    def _get(self, school: str, code: str) -> Person:
        person = self.session.get(Person, (school, code))
        if person is None:
            raise Refusal(problem("P02", code=code))
        return person

    def _next(self, school: str) -> int:
        last = self.session.exec(select(func.max(Person.number)).where(Person.school == school)).one()
        return (last or 0) + 1

    def _write(self, person: Person, card: Card) -> None:
        key = self._key(person)
        content = json.dumps(dict(card), ensure_ascii=False, sort_keys=True).encode()
        person.sealed = _seal(key, content, f"{person.school}|{person.code}|card")
        person.lookup = self._lookup(card.get("name", ""))
        self.session.add(person)
        self.session.flush()

    def _open(self, person: Person) -> dict[str, str]:
        if not person.wrapped_key:
            raise Refusal(problem("P13", code=_shown_code(person.code)))
        key = self._key(person)
        try:
            content = _unseal(key, person.sealed, f"{person.school}|{person.code}|card")
        except (InvalidTag, ValueError):
            raise _changed(person) from None
        card: dict[str, str] = json.loads(content)
        return card

    def _key(self, person: Person) -> bytes:
        try:
            return _unseal(self._master, person.wrapped_key, f"{person.school}|{person.code}|key")
        except (InvalidTag, ValueError):
            raise _changed(person) from None

    def _lookup(self, name: str) -> str:
        return hmac.new(self._master, plain_name(name).encode(), sha256).hexdigest() if name else ""


def refuse_lost_key(transaction: Transaction, path: Path) -> None:
    """Refuse to go on without the key where there are people whom it opens."""
    if transaction.session.exec(select(Person).limit(1)).first() is not None:
        raise Refusal(problem("W20", path=path))


def _changed(person: Person) -> Refusal:
    return Refusal(problem("V10", code=_shown_code(person.code), school=person.school))


def _shown_code(text: str) -> str:
    """A code as it may be told; what was written in its place may be anything."""
    return read_code(text) or mistyped_code(text) or "?"


def make_key(path: Path) -> None:
    """A new key of the workspace; never overwrites one."""
    if path.exists():
        raise FileExistsError(path)
    new = path.with_suffix(".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(AESGCM.generate_key(bit_length=KEY_BYTES * 8))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)  # whole or not at all


def _seal(key: bytes, content: bytes, about: str) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, content, about.encode())


def _unseal(key: bytes, sealed: bytes, about: str) -> bytes:
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], about.encode())


def person_fields(schema: Mapping[str, Any]) -> dict[str, str]:
    """Fields of a row that go to the people store: field → what of a card it is."""
    return {
        name: field["x-people"] for name, field in schema.get("properties", {}).items() if "x-people" in field
    }
