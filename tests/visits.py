"""A visitor over plain HTTP: launches from the demo LMS without cookies of the tool, as scripts do.

The way of a browser whose cookies are blocked: the login page's secret is shown to
`/lti/launch/finish`, and a bearer token comes back.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import requests

SECONDS = 60


class Visit:
    """One person inside the tool."""

    def __init__(
        self, lms: str, tool: str, person: str, launch: str = "/links/course-tutor/launch"
    ):
        self._tool = tool
        browser = requests.Session()
        browser.get(f"{lms}/?as={person}", timeout=SECONDS).raise_for_status()
        login = _post_form(browser, lms, browser.get(f"{lms}{launch}", timeout=SECONDS))
        data = _launch_data(login)
        answer = browser.get(data["authorization_url"], timeout=SECONDS)
        waiting = _launch_data(_post_form(browser, lms, answer))
        opened = browser.post(
            tool + waiting["finish_url"],
            json={"handle": waiting["handle"], "secret": data["browser_secret"]},
            timeout=SECONDS,
        )
        opened.raise_for_status()
        self.start: str = opened.json()["url"]
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {opened.json()['token']}"
        self.root = "/".join(self.start.split("/")[:3])

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self._session.get(f"{self._tool}{self.root}/{path}", timeout=SECONDS, **kwargs)

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        return self._session.post(f"{self._tool}{self.root}/{path}", timeout=SECONDS, **kwargs)

    def ask(self, question: str) -> Iterator[tuple[str, str]]:
        """Ask the tutor: (event, data) as they come."""
        answer = self.post(
            "tutor/ask",
            data={"question": question},
            headers={"Accept": "text/event-stream"},
            stream=True,
        )
        answer.raise_for_status()
        name, data = "message", []
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            if not line:
                if data:
                    yield name, "\n".join(data)
                name, data = "message", []
            elif line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))


def _post_form(browser: requests.Session, base: str, page: requests.Response) -> requests.Response:
    """Submit the page's one form, as its script would; a form of the LMS may lead to another."""
    while True:
        page.raise_for_status()
        action = re.search(r'<form action="([^"]*)"', page.text)
        assert action, page.text[:2000]
        fields = re.findall(r'name="([^"]+)" value="([^"]*)"', page.text.split("<form ", 1)[1])
        address = html.unescape(action[1])
        page = browser.post(
            address if "://" in address else base + address,
            data={name: html.unescape(value) for name, value in fields},
            timeout=SECONDS,
        )
        if "://" in address:
            return page


def _launch_data(page: requests.Response) -> dict[str, str]:
    assert page.ok, page.text[:2000]
    found = re.search(r'id="launch-data">(.*?)</script>', page.text, re.S)
    assert found, page.text[:2000]
    data: dict[str, str] = json.loads(found[1])
    return data
