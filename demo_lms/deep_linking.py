"""Coming back from the tool's picker: the signed answer is checked whole, then links are placed.

Deep Linking 2.0 section 4.5 (response), Security Framework 1.0 section 5.2 (tool JWT).
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import asdict, dataclass, replace

from demo_lms import line_items, links, visits
from demo_lms import vocabulary as lti
from demo_lms.content_items import ContentItem, read_items
from demo_lms.errors import Refusal, bad_request
from demo_lms.persons import Person
from demo_lms.platform import Platform
from demo_lms.store import spend
from demo_lms.tool_keys import Claims, audience, check_times, one_time_text, verified_claims
from demo_lms.visits import Visit

TICKET_SECONDS = 3600
LONGEST_LIFE = 3600
_TEXT_LENGTH = 1000


@dataclass(frozen=True)
class Ticket:
    """One visit to the picker: where its answer has to go, and what it has to give back."""

    return_url: str
    data: str


@dataclass(frozen=True)
class Outcome:
    """What came of a visit: titles of the links that were placed, and the tool's own words."""

    added: list[str]
    message: str
    error: str


def open_ticket(platform: Platform, person: Person, editing: str | None = None) -> Ticket:
    """A visit of this person to the picker, in the platform's course."""
    ticket, data = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
    expires_at = platform.now() + TICKET_SECONDS
    with platform.store.write() as db:
        db.execute(
            "INSERT INTO deep_links (ticket, person_id, data, expires_at) VALUES (?, ?, ?, ?)",
            (ticket, person.id, data, expires_at),
        )
    visits.keep(platform.store, ticket, Visit(platform.store.course, editing))
    return Ticket(f"{platform.settings.issuer}/deep-link/{ticket}", data)


def take_answer(platform: Platform, ticket: str, token: str) -> Outcome:
    """Check the form parameter `JWT` and place what it holds, once.

    Raises Refusal (400, or 404 for an unknown ticket); then nothing is placed.
    """
    row = _open_row(platform, ticket)
    claims = verified_claims(platform.tool_keys, token)
    _check_message(platform, claims)
    if claims.get(lti.DL_DATA) != row["data"]:
        raise bad_request("The data claim is not what the request held.")
    items = read_items(platform.settings, claims.get(lti.DL_CONTENT_ITEMS, []))
    visit = visits.of(platform.store, ticket)
    if visit.editing is not None and len(items) > 1:
        raise bad_request("One link is set up again, so one item at most is taken.")
    outcome = Outcome(
        [item.link.title for item in items],
        _words(claims, lti.DL_MSG),
        _words(claims, lti.DL_ERRORMSG),
    )
    _place_once(platform, ticket, claims, [_placed(item, visit) for item in items], outcome, visit)
    return outcome


def find_outcome(platform: Platform, ticket: str) -> Outcome | None:
    """What came of a visit, for the course page to say."""
    row = platform.store.row("SELECT outcome FROM deep_links WHERE ticket = ?", ticket)
    return Outcome(**json.loads(row["outcome"])) if row and row["outcome"] else None


def _open_row(platform: Platform, ticket: str) -> sqlite3.Row:
    row = platform.store.row("SELECT * FROM deep_links WHERE ticket = ?", ticket)
    if row is None:
        raise Refusal(404, "not_found", "This return address was never given out.")
    if row["outcome"] is not None:
        raise bad_request("This visit to the picker was already answered.")
    if row["expires_at"] < platform.now():
        raise bad_request("This visit to the picker is too long ago. Start it again.")
    return row


def _check_message(platform: Platform, claims: Claims) -> None:
    """Security Framework 1.0 section 5.2.3, Deep Linking 2.0 sections 4.5.1 to 4.5.4."""
    settings = platform.settings
    if claims.get("iss") != settings.client_id:
        raise bad_request("iss is not this tool's client id.")
    if audience(claims) != [settings.issuer]:
        raise bad_request(f"aud must be {settings.issuer} and nothing else.")
    check_times(claims, platform.now(), LONGEST_LIFE)
    expected = {
        lti.MESSAGE_TYPE: lti.DEEP_LINKING_RESPONSE,
        lti.VERSION: lti.LTI_VERSION,
        lti.DEPLOYMENT_ID: settings.deployment_id,
    }
    for name, value in expected.items():
        if claims.get(name) != value:
            raise bad_request(f"The claim {name} must be {value!r}.")


def _placed(item: ContentItem, visit: Visit) -> ContentItem:
    """The item as it stands in its course: a new link, or the one that is set up again."""
    link = replace(item.link, course=visit.course, id=visit.editing or item.link.id)
    column = item.line_item
    if column is not None:
        column = replace(column, link_id=link.id, course=visit.course)
    return ContentItem(link, column)


def _place_once(
    platform: Platform,
    ticket: str,
    claims: Claims,
    items: list[ContentItem],
    outcome: Outcome,
    visit: Visit,
) -> None:
    """One transaction, so that of two equal answers exactly one counts."""
    now, nonce = platform.now(), one_time_text(claims, "nonce")
    with platform.store.write() as db:
        if not spend(db, "nonce", nonce, now=now, expires_at=now + LONGEST_LIFE):
            raise bad_request("This nonce was used before.")
        done = db.execute(
            "UPDATE deep_links SET outcome = ? WHERE ticket = ? AND outcome IS NULL",
            (json.dumps(asdict(outcome)), ticket),
        )
        if not done.rowcount:
            raise bad_request("This visit to the picker was already answered.")
        for item in items:
            (links.change if visit.editing else links.insert)(db, item.link)
            if item.line_item is not None:
                line_items.change_or_insert(db, item.line_item)


def _words(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_request(f"The claim {name} must be a text.")
    return (value or "")[:_TEXT_LENGTH]
