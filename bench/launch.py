"""How long the server works on a launch: from the validated POST to its 303, keys warm.

In one process with the real database: a first launch of each person (rows are added), a repeated
one (rows are there), and the login before them. Statements are counted as the database gets them.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.extensions import db, transaction
from bench.database import application
from bench.report import percentile, report
from demo_lms import Platform, persons
from demo_lms.links import FIRST_LINK, get
from tests.launch import lms

LAUNCHES = 200
WARM_UP = 20


class Counter:
    """Statements sent since the last look."""

    def __init__(self) -> None:
        self.count = 0
        event.listen(db.engine, "before_cursor_execute", self._note)

    def _note(self, *_args: object) -> None:
        self.count += 1

    def taken(self) -> int:
        count, self.count = self.count, 0
        return count


def main() -> None:
    """Bar: at most 25 ms at the median for a launch, at most 6 statements for a repeated one."""
    with ExitStack() as stack:
        app = stack.enter_context(application())
        platform = stack.enter_context(
            lms.serve(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        )
        with transaction() as session:
            lms.register(session, platform)
        report("launch", _measure(app, platform))


def _measure(app: Flask, platform: Platform) -> list[dict[str, object]]:
    browser, counter = lms.Browser(app), Counter()
    for _ in range(WARM_UP):
        browser.launch(platform)
    everybody = [_somebody(number) for number in range(LAUNCHES)]
    link = get(platform.store, FIRST_LINK)
    return [
        _timed("login", counter, [lambda: browser.log_in(platform, everybody[0], link)] * 100, 200),
        _timed("first launch", counter, _launches(browser, platform, everybody), 303),
        _timed("repeated launch", counter, _launches(browser, platform, everybody), 303),
    ]


def _somebody(number: int) -> persons.Person:
    student = persons.get("student-1")
    return replace(student, id=f"measured-{number}", email=f"measured{number}@example.test")


def _launches(
    browser: lms.Browser, platform: Platform, everybody: list[persons.Person]
) -> list[Callable[[], TestResponse]]:
    """One launch a person, its id_token signed beforehand: that is the platform's time."""
    launches = []
    for person in everybody:
        attempt = browser.begin(platform)
        attempt.claims |= {"sub": person.subject, **person.shared_fields()}
        attempt.token = attempt.id_token()
        launches.append(attempt.post)
    return launches


def _timed(
    name: str, counter: Counter, steps: list[Callable[[], TestResponse]], status: int
) -> dict[str, object]:
    wall, busy, statements = [], [], []
    for step in steps:
        counter.taken()
        began, worked = time.perf_counter(), time.process_time()
        answer = step()
        wall.append((time.perf_counter() - began) * 1000)
        busy.append((time.process_time() - worked) * 1000)
        statements.append(counter.taken())
        assert answer.status_code == status, answer.text
    return {
        "what": name,
        "times": len(steps),
        "median ms": percentile(wall, 0.5),
        "p95 ms": percentile(wall, 0.95),
        "of it own CPU, median ms": percentile(busy, 0.5),
        "statements": max(statements),
    }
