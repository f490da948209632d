"""A course copied by the demo LMS, whole: picked, copied, repaired, answered, graded in its own
column, while the old course's gradebook stays as it is."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from app.jobs import run_worker
from demo_lms import Platform, courses, deep_linking, line_items, links, persons, scores
from demo_lms.links import Link
from models import Course
from tests import factories
from tests.launch import lms
from tests.launch.lms import Browser


@pytest.fixture
def platform(app: Flask, session: Session, tmp_path: Path) -> Iterator[Platform]:
    with lms.serve(tmp_path, app) as platform:
        lms.register(session, platform)
        custom = (("context_history", "$Context.id.history"),)
        yield replace(platform, settings=replace(platform.settings, tool_custom=custom))


class Person:
    """Somebody's browser, launching from a course and going on inside the tool."""

    def __init__(self, app: Flask, person_id: str) -> None:
        self.browser, self.person = Browser(app), persons.get(person_id)
        self.page = ""

    def launch(self, course: Platform, link: Link | None) -> None:
        answer = self.browser.begin_as(course, self.person, link).post()
        assert answer.status_code == 303, answer.text
        self.follow(answer.location)

    def follow(self, address: str) -> None:
        answer = self.browser.open(address)
        while answer.status_code == 303:
            answer = self.browser.open(answer.location)
        assert answer.status_code == 200, answer.text
        self.page = answer.text

    def send(self, action: str, **more: object) -> None:
        """The form with this action, with what it holds and more."""
        found = re.search(rf'<form[^>]*action="([^"]*{action})"(.*?)</form>', self.page, re.S)
        assert found, self.page
        held = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found[2])
        form = {name: html.unescape(value) for name, value in held} | more
        answer = self.browser.open(html.unescape(found[1]), method="POST", data=form)
        assert answer.status_code in {200, 303}, answer.text
        self.page = answer.text
        if answer.status_code == 303:
            self.follow(answer.location)

    def bring_back(self, course: Platform) -> None:
        """The browser posts the signed answer to the LMS."""
        action = re.search(r'method="post" action="([^"]*/deep-link/[^"]*)"', self.page)
        token = re.search(r'name="JWT" value="([^"]*)"', self.page)
        assert action and token, self.page
        deep_linking.take_answer(course, html.unescape(action[1]).rsplit("/", 1)[1], token[1])


def half_answered(app: Flask, session: Session, platform: Platform) -> tuple[Person, Person, Link]:
    """A teacher, a student, and a practice set of two questions that the one has placed and of
    which the other has answered one."""
    teacher, student = Person(app, "teacher"), Person(app, "student-1")
    teacher.launch(platform, links.listed(platform.store)[0])
    course = session.scalars(select(Course)).one()
    concept = factories.concept(session, course, name="Loops")
    for text in ("One?", "Two?"):
        factories.question(session, concept, question_text=text)
    session.commit()
    teacher.launch(platform, None)
    teacher.send(
        "activities/new",
        kind="practice",
        concept=str(concept.concept_id),
        count="2",
        points="10",
        grade="best",
        title="Set",
    )
    teacher.bring_back(platform)
    link = links.listed(platform.store)[-1]
    student.launch(platform, link)
    student.send("practice/answer", answer="b")
    run_worker(config.current(), wait=False)
    return teacher, student, link


def _shown(course: Platform, column: line_items.LineItem, person_id: str) -> float | None:
    found = scores.results(course, column, persons.get(person_id).subject)
    return found[0].get("resultScore") if found else None


def test_a_copied_course_is_repaired_and_graded_in_its_own_columns(
    app: Flask, session: Session, platform: Platform
) -> None:
    teacher, student, old = half_answered(app, session, platform)
    [old_column] = line_items.listed(platform.store)
    assert _shown(platform, old_column, "student-1") == 5

    copy = courses.at(platform, courses.copy(platform).key)
    new = links.listed(copy.store)[-1]
    [column] = line_items.listed(copy.store)
    assert column.resource_id == old.custom["activity"]
    student.launch(copy, new)
    assert "Your teacher has to do that." in student.page
    teacher.launch(copy, new)
    assert "copied from <bdi>Python basics</bdi>" in teacher.page
    teacher.send("lost/take-over")
    assert "Taken over." in teacher.page
    teacher.launch(copy, new)
    assert "This link gives students 2 questions for 10 points" in teacher.page

    student.launch(copy, new)
    assert "0 of 2 questions answered." in student.page
    for _ in range(2):
        student.send("practice/answer", answer="b")
        student.follow(re.findall(r'href="([^"]*/practice/)"[^>]*>Next question', student.page)[0])
    run_worker(config.current(), wait=False)
    assert _shown(copy, column, "student-1") == 10
    assert _shown(platform, old_column, "student-1") == 5


def test_a_link_is_set_up_again_from_the_course_page(
    app: Flask, session: Session, platform: Platform
) -> None:
    teacher = Person(app, "teacher")
    teacher.launch(platform, None)
    teacher.send("activities/new", kind="tutor", title="Old", instruction="Read first.")
    teacher.bring_back(platform)
    link = links.listed(platform.store)[-1]
    post = lms.oidc.picker_request(platform, teacher.person, link)
    page = teacher.browser.open("/lti/login", method="POST", data=post.fields)
    attempt = teacher.browser.begin_from(platform, teacher.person, page)
    teacher.follow(attempt.post().location)
    assert "What should the link open now?" in teacher.page
    assert "Read first.</textarea>" in teacher.page
    teacher.send("activities/new", kind="tutor", title="New", instruction="Read more.")
    teacher.bring_back(platform)
    again = links.get(platform.store, link.id)
    assert again.title == "New"
    assert again.custom == link.custom
    teacher.launch(platform, again)
    assert "Read more." in teacher.page
