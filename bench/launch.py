"""How long the server works on a launch, and how many it takes.

`launch`: in one process with the real database, from the POST to its 303, keys warm: a first
launch of each person (rows are added), a repeated one (rows are there), and the login before
them. Statements are counted as the database gets them.

`launch_rate`: login and launch together, over HTTP, 8 at once, ours beside a bare PyLTI1p3 tool,
in alternating rounds of one run. `launch_rush`: a class of 300 that arrives within a minute.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from flask import Flask
from psutil import Process
from sqlalchemy import event, text
from werkzeug.test import TestResponse

from app.extensions import db, transaction
from bench import browsers, key_sets, served
from bench.browsers import Student
from bench.database import application
from bench.key_sets import KeySets
from bench.report import percentile, report
from bench.served import Served
from demo_lms import Platform, persons
from demo_lms.links import FIRST_LINK, get
from tests.launch import lms

LAUNCHES = 200
WARM_UP = 20

ROUNDS = 7
PER_ROUND = 300
BROWSERS = 8
CLASS = 300
RUSHES = (60, 10)
"""Seconds that a class has: the bar's, and a bell that rings for all of them."""
NEVER_TIDIED = {"CACHE_THRESHOLD": 0}
"""Flask-Caching looks through all files for old ones at each write beyond 500 of them, unless
told not to; then they stay for ever."""


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
    """Bars: a median of 25 ms and 6 statements for a repeated launch; 1.5 times the bare tool's
    rate; 300 within 60 s without an error, p95 under 500 ms.
    """
    with ExitStack() as stack:
        app = stack.enter_context(application())
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        with lms.serve(folders[0]) as platform:
            with transaction() as session:
                lms.register(session, platform)
            report("launch", _measure(app, platform))
        key_sets_served = stack.enter_context(key_sets.serve(platform, folders[1]))
        ours = stack.enter_context(served.ours(platform, _database_process()))
        _measure_rush(platform, ours)
        _measure_rate(stack, platform, ours, key_sets_served, folders[1])


def _measure_rate(
    stack: ExitStack, platform: Platform, ours: Served, keys: KeySets, folder: Path
) -> None:
    tools = [ours]
    for name, url, cache in (
        ("PyLTI1p3 alone, as it comes", keys.plain_url, {}),
        ("with a cache never tidied", keys.plain_url, NEVER_TIDIED),
        ("the same, keys over https", keys.secure_url, NEVER_TIDIED),
    ):
        bare = served.bare(
            platform, folder, name, jwks_url=url, authorities=keys.authorities, cache=cache
        )
        tools.append(stack.enter_context(bare))
    everybody = [browsers.student(platform, _somebody(number)) for number in range(CLASS)]
    for tool in tools:
        _one_round(platform, tool, everybody)  # first launches, and all that is made once
    rounds = [[_one_round(platform, tool, everybody) for tool in tools] for _ in range(ROUNDS)]
    report(
        "launch_rate", [_summed_up(name.name, which, rounds) for which, name in enumerate(tools)]
    )


def _one_round(platform: Platform, tool: Served, everybody: list[Student]) -> dict[str, float]:
    worked = tool.processor_seconds()
    seen = browsers.at_once(platform, tool.port, everybody, browsers=BROWSERS, count=PER_ROUND)
    worked = tool.processor_seconds() - worked
    return {
        "launches/s": seen.rate,
        "p50 ms": percentile(seen.milliseconds, 0.5),
        "p95 ms": percentile(seen.milliseconds, 0.95),
        "CPU ms a launch": worked * 1000 / PER_ROUND,
        "errors": seen.failures,
    }


def _summed_up(name: str, which: int, rounds: list[list[dict[str, float]]]) -> dict[str, object]:
    """The median round, and how ours compares: the two of each round, then their median."""
    own = [tools[which] for tools in rounds]
    ratios = [tools[0]["launches/s"] / tools[which]["launches/s"] for tools in rounds]
    figures = {heading: percentile([one[heading] for one in own], 0.5) for heading in own[0]}
    return {
        "tool": name,
        **figures,
        "errors": int(sum(one["errors"] for one in own)),
        "our rate to its": percentile(ratios, 0.5),
        "of rounds": f"{min(ratios):.2f} to {max(ratios):.2f}",
    }


def _measure_rush(platform: Platform, ours: Served) -> None:
    """Half the class was here before; the other half comes for the first time."""
    rows = []
    for seconds in RUSHES:
        everybody = [
            browsers.student(platform, _somebody(f"{seconds}-{number}")) for number in range(CLASS)
        ]
        known = everybody[::2]
        browsers.at_once(platform, ours.port, known, browsers=BROWSERS, count=len(known))
        seen = browsers.arriving(platform, ours.port, everybody, within_seconds=seconds)
        rows.append(
            {
                "students": len(everybody),
                "within s": seconds,
                "errors": seen.failures,
                "p50 ms": percentile(seen.milliseconds, 0.5),
                "p95 ms": percentile(seen.milliseconds, 0.95),
                "slowest ms": max(seen.milliseconds),
            }
        )
    report("launch_rush", rows)


def _database_process() -> int:
    with transaction() as session:
        backend = session.scalar(text("select pg_backend_pid()"))
    return int(Process(backend).ppid())


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


def _somebody(number: object) -> persons.Person:
    student = persons.get("student-1")
    return replace(student, id=f"measured-{number}", email=f"measured{number}@example.test")


def _launches(
    browser: lms.Browser, platform: Platform, everybody: list[persons.Person]
) -> list[Callable[[], TestResponse]]:
    """One launch a person, its id_token signed beforehand: that is the platform's time."""
    launches = []
    for person in everybody:
        attempt = browser.begin(platform)
        attempt.claims |= {
            "sub": person.subject,
            **person.shared_fields(platform.settings.tool_claims),
        }
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
