"""Custom parameters and their `$` substitutions.

LTI core 1.3 section 5.4.6 and appendix B: what the platform knows is replaced (by an empty text
if there is nothing to say), what it does not know arrives as it stands.
"""

from __future__ import annotations

from demo_lms.links import Link
from demo_lms.persons import Person
from demo_lms.settings import Settings

LOCALE = "en"


def expanded(settings: Settings, person: Person, link: Link | None) -> dict[str, str]:
    """The `custom` claim of a launch of this link (or the picker) by this person.

    What the tool asked for everywhere, and what the link was given, which counts more.
    """
    known = _course(settings) | (_link(link) if link else {}) | _person(person)
    wanted = dict(settings.tool_custom) | (link.custom if link else {})
    return {key: known.get(value, value) for key, value in wanted.items()}


def _course(settings: Settings) -> dict[str, str]:
    return {
        "$Context.id": settings.context_id,
        "$Context.label": settings.context_label,
        "$Context.title": settings.context_title,
        "$Context.id.history": settings.context_history,
        "$Message.locale": LOCALE,
    }


def _link(link: Link) -> dict[str, str]:
    return {
        "$ResourceLink.id": link.id,
        "$ResourceLink.title": link.title,
        "$ResourceLink.description": link.description,
        "$ResourceLink.available.startDateTime": link.opens_at or "",
        "$ResourceLink.available.endDateTime": link.closes_at or "",
        "$ResourceLink.submission.endDateTime": link.due_at or "",
    }


def _person(person: Person) -> dict[str, str]:
    """Names and e-mail stay unexpanded for a person who does not share them."""
    known = {
        "$User.id": person.subject,
        "$Membership.role": ",".join(person.membership_roles),
        "$Person.address.timezone": person.time_zone,
    }
    if person.shares_identity:
        known["$Person.name.full"] = person.name
        known["$Person.name.given"] = person.given_name
        known["$Person.name.family"] = person.family_name
        known["$Person.email.primary"] = person.email
    return known
