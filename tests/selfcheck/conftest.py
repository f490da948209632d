"""The demo LMS, registered, with a browser that launches the connection check from it."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo_lms import Platform, links, persons
from demo_lms.links import Link
from models import ToolSession
from tests.launch.conftest import browser, platform, registration, served
from tests.launch.lms import TOOL, Attempt, Browser

__all__ = ["browser", "platform", "registration", "served"]

CHECK = f"{TOOL}/lti/check"


@pytest.fixture
def link(platform: Platform) -> Link:
    """A link of the course page that leads to the connection check."""
    custom = {"context_history": "$Context.id.history", "page": "check", "odd": "$Odd.variable"}
    placed = Link("check", "Connection check", url=CHECK, custom=custom)
    return links.find(platform.store, placed.id) or links.place(platform.store, placed)


class Checked:
    """A page of the check and the way it was come by."""

    def __init__(self, app: Flask, browser: Browser, platform: Platform, link: Link) -> None:
        self.app, self.browser, self.platform, self.link = app, browser, platform, link

    def begin(self, person: str = "teacher", **claims: Any) -> Attempt:
        attempt = self.browser.begin_as(self.platform, persons.get(person), self.link)
        attempt.claims |= claims
        attempt.claims = {name: one for name, one in attempt.claims.items() if one is not None}
        return attempt

    def open(self, person: str = "teacher", **claims: Any) -> str:
        """The check's page after a launch."""
        answer = self.begin(person, **claims).post()
        assert answer.status_code == 303, answer.text
        assert urlsplit(answer.headers["Location"]).path.endswith("/check/")
        self.address = answer.headers["Location"]
        page = self.browser.open(self.address)
        assert page.status_code == 200, page.text
        return page.text

    def test(self, name: str, session: Session) -> str:
        """What a test of a service says; asked for as the page asks."""
        sid = session.scalars(select(ToolSession.session_id)).all()[-1]
        page = self.browser.open(self.address).text
        token = page.split('name="csrf-token" content="')[1].split('"')[0]
        answer = self.browser.open(
            f"/s/{sid}/check/{name}", method="POST", headers={"X-CSRF-Token": token}
        )
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def checked(app: Flask, browser: Browser, platform: Platform, link: Link) -> Checked:
    return Checked(app, browser, platform, link)
