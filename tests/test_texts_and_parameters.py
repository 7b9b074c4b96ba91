"""Texts by language and `${params.x}`: chosen and put in place at reading (LANGUAGE §1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from play import Play, paired
from test_keys_of_the_language import changed

from flows import cli
from schemas import parameters, reader, texts
from schemas.sources import Source


def test_a_text_is_read_in_the_methodologys_language_or_in_the_one_asked_for():
    content = changed(
        ("stages/start.yaml", "title: Начало", "title: {ru: Начало, en: Start}"),
        ("stages/base.yaml", "message: Мало наставляемых", "message: {en: Too few mentees, ru: Мало наставляемых}"),
    )  # fmt: skip
    russian = reader.read(content).or_refuse()
    english = reader.read(content, language="en").or_refuse()

    assert [each.stages["start"].title for each in (russian, english)] == ["Начало", "Start"]
    assert [each.stages["base"].artefacts["mentees"].checks[0].message for each in (russian, english)] == [
        "Мало наставляемых",
        "Too few mentees",
    ]
    assert english.stages["base"].title == "Базы"  # it has no English: the methodology's own stands


def test_the_language_asked_for_changes_neither_the_pin_nor_what_a_task_is():
    content = changed(
        ("stages/start.yaml", "summarise: {uses: report", "summarise: {title: {ru: Свести, en: Sum up}, uses: report")
    )  # fmt: skip
    russian = reader.read(content).or_refuse()
    english = reader.read(content, language="en").or_refuse()

    assert russian.digest == english.digest
    assert russian.task("start/summarise").title != english.task("start/summarise").title
    assert russian.task("start/summarise").digest == english.task("start/summarise").digest


def test_options_of_a_scale_named_as_languages_are_options():
    data = {
        "dsl": "survey/v1", "id": "s", "version": 1, "title": {"ru": "Анкета", "en": "Survey"}, "audience": "mentee",
        "scales": {"tongue": {"kind": "choice", "options": {"ru": "русский", "en": {"title": {"ru": "английский"}}}}},
        "questions": {"first": {"type": "choice", "scale": "tongue", "ask": "Язык?"}},
    }  # fmt: skip
    source, found = texts.spoken("survey", Source("s.yaml", data), "ru")

    assert found == []
    assert source.data["title"] == "Анкета"
    assert source.data["scales"]["tongue"]["options"] == {"ru": "русский", "en": {"title": "английский"}}


def test_a_reference_alone_keeps_its_type_and_inside_a_text_is_written_out():
    content = changed(
        ("stages/work.yaml", "enough: {type: integer, default: 2}",
         "enough: {type: integer, default: 2}\n  term: {type: string, default: P5D}"),
        ("stages/work.yaml", "due: {within: P10D}", 'due: {within: "${params.term}"}'),
        ("stages/work.yaml", "every: {period: P14D, until: final}",
         'every: {period: "P${params.enough}D", until: final}, retry: {limit: "${params.enough}"}'),
        ("stages/work.yaml", "title: Журнал встреч", 'title: "Журнал, встреч не меньше ${params.enough}"'),
    )  # fmt: skip
    work = reader.read(content).or_refuse().stages["work"]

    assert work.tasks["begin"].due.within.rest == timedelta(days=5)
    assert work.tasks["meet"].every.period.rest == timedelta(days=2)
    assert work.tasks["meet"].retries == 2
    assert work.artefacts["meetings"].title == "Журнал, встреч не меньше 2"


def test_a_param_that_only_a_reference_names_is_used():
    content = changed(
        ("stages/work.yaml", "enough: {type: integer, default: 2}",
         "enough: {type: integer, default: 2}\n  term: {type: integer, default: 10}"),
        ("stages/work.yaml", "due: {within: P10D}", 'due: {within: "P${params.term}D"}'),
    )  # fmt: skip

    assert reader.read(content).problems == ()


def test_a_term_given_by_a_param_is_the_term_that_the_engine_counts():
    content = changed(
        ("stages/work.yaml", "enough: {type: integer, default: 2}", "enough: {type: integer, default: 4}"),
        ("stages/work.yaml", "due: {within: P10D}", 'due: {within: "P${params.enough}D"}'),
    )
    play = paired(Play(reader.read(content).or_refuse()))
    task = play.task("work/begin", "G1")

    assert (task.due - task.opened).days == 4


def test_another_value_of_a_param_is_another_task():
    content = changed(("stages/work.yaml", "due: {within: P10D}", 'due: {within: "P${params.enough}D"}'))
    other = dict(content)
    other["stages/work.yaml"] = content["stages/work.yaml"].replace(b"default: 2", b"default: 3")

    before, after = (reader.read(each).or_refuse().task("work/begin").digest for each in (content, other))
    assert before != after


ANYTHING = st.recursive(
    st.text() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANYTHING)
def test_what_holds_no_reference_comes_back_as_it_was(data):
    source = Source("x.yaml", data)
    again, found = parameters.resolved("stage", source)

    assert found == [] or "${" in str(data)
    assert "${" in str(data) or again.data is data


@pytest.mark.parametrize("value", [0, 2, 0.5, True, "текст"])
def test_a_reference_alone_is_the_value_itself(value):
    data = {"params": {"x": {"type": "any", "default": value}}, "here": ["${params.x}", "а ${params.x} б"]}
    again, found = parameters.resolved("stage", Source("x.yaml", data))

    assert found == []
    assert again.data["here"][0] is value
    assert again.data["here"][1] == f"а {str(value).lower()} б"


def test_show_speaks_the_language_asked_for(tmp_path, capsys):
    folder = tmp_path / "two-languages"
    for name, content in changed(
        ("stages/start.yaml", "title: Начало", "title: {ru: Начало, en: Start}")
    ).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    assert cli.run(["--lang", "en", "show", str(folder)]) == 0
    assert "Start" in capsys.readouterr().out
    assert cli.run(["show", str(folder)]) == 0
    assert "Начало" in capsys.readouterr().out


def test_an_overlay_changes_what_a_reference_and_a_text_by_language_say(tmp_path):
    base, file = tmp_path / "small", tmp_path / "school" / "overlay.yaml"
    content = changed(
        ("stages/work.yaml", "integer, default: 2}", "integer, default: 2, overlay: free}"),
        ("stages/work.yaml", "due: {within: P10D}", 'due: {within: "P${params.enough}D"}'),
        ("stages/work.yaml", "artefacts:\n", "overlay: {artefacts.*.title: free}\nartefacts:\n"),
        ("stages/work.yaml", "title: Журнал встреч", "title: {ru: Журнал встреч, en: Log}"),
    )
    for name, body in content.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(body)
    file.parent.mkdir()
    file.write_text(
        'dsl: overlay/v1\nid: own\nversion: "1"\nextends: [small@1]\nparams: {work: {enough: 3}}\n'
        "set: {stages: {work: {artefacts: {meetings: {title: {ru: Дневник}}}}}}\n"
    )
    russian = reader.read_folder(base, "", file).or_refuse().stages["work"]
    english = reader.read_folder(base, "", file, "en").or_refuse().stages["work"]

    assert russian.tasks["begin"].due.within.rest == timedelta(days=3)
    assert (russian.artefacts["meetings"].title, english.artefacts["meetings"].title) == ("Дневник", "Log")
