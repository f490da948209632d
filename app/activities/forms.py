"""The form of a link: read and checked, written back for editing, kept while others are chosen.

Fields: kind, title, text (a description that the LMS brought); tutor: instruction; practice:
concept (ids, several), new_concept, count, grade (a policy, or none), points, opens, due, closes
(local times of time_zone); material: material, page; window ("new" for a window of its own).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from werkzeug.datastructures import MultiDict

from app.activities.choices import Choices
from app.activities.offers import Offer, listed
from app.clock import zone_of
from app.gradebook.windows import Window
from models import Activity, ActivityKind, ScorePolicy

Form = MultiDict[str, str]

MOST_QUESTIONS, MOST_POINTS, LONGEST_TITLE = 50, 1000, 200
LONGEST_INSTRUCTION = LONGEST_TEXT = 1000
_LONGEST_WORD = 100
NO_GRADE = "none"
DATES = ("opens", "due", "closes")
FIELDS = (
    "kind title text instruction concept new_concept count grade points opens due closes time_zone"
    " material page window"
).split()
WHAT_COUNTS = ("concept", "new_concept", "count", "grade", "points")
"""What stays as it is once students have answered."""


class OfferRefused(Exception):
    """The form has faults: `errors` says which, by the name of the field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


def start(choices: Choices, title: str = "") -> Form:
    """What the form holds at first: practice on the concept that has most questions."""
    counts = choices.counts
    first = max(choices.concepts, key=lambda one: counts.get(one, 0), default=None)
    in_use = counts.get(first, 0) if first else 0
    return Form(
        {
            "kind": ActivityKind.PRACTICE.value,
            "title": title[:LONGEST_TITLE],
            "concept": str(first) if first else "",
            "count": str(min(in_use, 5) or 5),
            "grade": ScorePolicy.BEST.value,
            "points": "10",
            "time_zone": choices.zone,
        }
    )


def as_form(activity: Activity, zone: str) -> Form:
    """The form of an activity that exists."""
    times = (activity.opens_at, activity.due_at, activity.closes_at)
    form = Form(
        {
            "kind": activity.kind.value,
            "title": activity.title,
            "instruction": activity.instruction or "",
            "count": str(activity.question_count or ""),
            "grade": activity.score_policy.value if activity.points else NO_GRADE,
            "points": str(int(activity.points)) if activity.points else "10",
            "material": str(activity.material_id or ""),
            "page": str(activity.page or ""),
            "time_zone": zone,
            **{name: _local(at, zone_of(zone)) for name, at in zip(DATES, times, strict=True)},
        }
    )
    form.setlist("concept", [str(concept.concept_id) for concept in activity.concepts])
    return form


def fitting(text: str) -> str:
    """A description that the LMS sent, as long as the form takes it: cut at a word, if there is
    one near the end."""
    if len(text) <= LONGEST_TEXT:
        return text
    room = LONGEST_TEXT - 1
    end = text.rfind(" ", room - _LONGEST_WORD, room + 1)
    return text[: end if end > 0 else room] + "…"


def kept(form: Form) -> str:
    """The form as one text, to be sent along while more links are chosen."""
    pairs = [(name, value) for name in FIELDS for value in form.getlist(name) if value]
    return urlencode(pairs)


def brought_back(text: str) -> Form:
    """The form that `kept` wrote. Whatever else it is, it is read like any form."""
    return Form(parse_qsl(text[:20_000], max_num_fields=200))


def locked(form: Form, activity: Activity, zone: str) -> Form:
    """The form with what counts as the activity has it."""
    mixed, stored = form.copy(), as_form(activity, zone)
    for name in ("kind", *WHAT_COUNTS):
        mixed.setlist(name, stored.getlist(name))
    return mixed


def read(form: Form, choices: Choices, *, takes_grade: bool) -> Offer:
    """The link that the form describes. Raises OfferRefused with every fault."""
    errors: dict[str, str] = {}
    given = " ".join(form.get("title", "").split())
    if len(given) > LONGEST_TITLE:
        errors["title"] = f"A title can have at most {LONGEST_TITLE} characters."
    own_text = " ".join(form.get("text", "").split())
    if len(own_text) > LONGEST_TEXT:
        errors["text"] = f"Please keep this under {LONGEST_TEXT} characters."
    match form.get("kind"):
        case ActivityKind.TUTOR:
            offer = Offer(ActivityKind.TUTOR, "Tutor", instruction=_instruction(form, errors))
        case ActivityKind.MATERIAL:
            offer = _reading(form, choices, errors)
        case _:
            offer = _practice(form, choices, takes_grade, errors)
    if errors:
        raise OfferRefused(errors)
    title = given or offer.title[:LONGEST_TITLE]
    is_own_window = form.get("window") == "new"
    return replace(offer, title=title, in_new_window=is_own_window, own_text=own_text)


def zone_in(form: Form, choices: Choices) -> str:
    """The time zone that the form's dates are in."""
    return form.get("time_zone", "").strip() or choices.zone


def _practice(form: Form, choices: Choices, takes_grade: bool, errors: dict[str, str]) -> Offer:
    ids, new = _concepts(form, choices, errors)
    names = tuple(choices.concepts[one] for one in ids) + ((new,) if new else ())
    policies = [one for one in ScorePolicy if one.value == form.get("grade")]
    is_graded = takes_grade and form.get("grade") != NO_GRADE
    return Offer(
        kind=ActivityKind.PRACTICE,
        title=f"Practice: {listed(names)}",
        concept_ids=ids,
        concept_names=names,
        new_concept=new,
        question_count=_whole(form, "count", MOST_QUESTIONS, errors),
        points=_whole(form, "points", MOST_POINTS, errors) if is_graded else None,
        policy=policies[0] if policies else ScorePolicy.BEST,
        window=_window(form, choices, errors),
    )


def _concepts(form: Form, choices: Choices, errors: dict[str, str]) -> tuple[tuple[UUID, ...], str]:
    chosen = set(filter(None, form.getlist("concept")))
    ids = tuple(one for one in choices.concepts if str(one) in chosen)
    new = " ".join(form.get("new_concept", "").split())
    if len(ids) < len(chosen):
        errors["concept"] = "One of the concepts is not in this course any more."
    elif not ids and not new and choices.concepts:
        errors["concept"] = "Choose a concept, or name a new one."
    elif not ids and not new:
        errors["new_concept"] = "Give the concept a name."
    if len(new) > LONGEST_TITLE:
        errors["new_concept"] = f"A name can have at most {LONGEST_TITLE} characters."
    if any(new.casefold() == name.casefold() for name in choices.concepts.values()):
        errors["new_concept"] = f"This course already has a concept called “{new}”."
    return ids, new


def _reading(form: Form, choices: Choices, errors: dict[str, str]) -> Offer:
    by_text = {str(one): one for one in choices.materials}
    material_id = by_text.get(form.get("material", ""))
    if material_id is None:
        errors["material"] = "Choose a file."
        return Offer(ActivityKind.MATERIAL, "")
    reading = choices.materials[material_id]
    most = reading.page_count or 5000
    page = _whole(form, "page", most, errors) if form.get("page", "").strip() else None
    title = f"{reading.title}, p. {page}" if page else reading.title
    return Offer(ActivityKind.MATERIAL, title, material_id=material_id, page=page)


def _instruction(form: Form, errors: dict[str, str]) -> str | None:
    text = form.get("instruction", "").replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > LONGEST_INSTRUCTION:
        errors["instruction"] = f"Please keep this under {LONGEST_INSTRUCTION} characters."
    return text or None


def _window(form: Form, choices: Choices, errors: dict[str, str]) -> Window:
    name = zone_in(form, choices)
    if name not in available_timezones():
        errors["time_zone"] = "There is no such time zone. Write it like Europe/Madrid."
        return Window()
    opens, due, closes = (_moment(form, one, ZoneInfo(name), errors) for one in DATES)
    if opens and due and due <= opens:
        errors["due"] = "This is before it opens."
    if (closes and any(one and closes < one for one in (opens, due))) or (
        opens and opens == closes
    ):
        errors["closes"] = "This is before it opens or is due."
    return Window(opens, due, closes)


def _moment(form: Form, name: str, zone: tzinfo, errors: dict[str, str]) -> datetime | None:
    given = form.get(name, "").strip()
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is not None or not 2000 <= moment.year <= 2200:
            raise ValueError
    except ValueError:
        errors[name] = "Choose a day and a time."
        return None
    return moment.replace(tzinfo=zone)


def _local(moment: datetime | None, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" if moment else ""


def _whole(form: Form, name: str, most: int, errors: dict[str, str]) -> int | None:
    given = form.get(name, "").strip()
    if not (given.isascii() and given.isdigit() and len(given) < 7 and 1 <= int(given) <= most):
        errors[name] = f"A whole number from 1 to {most}."
        return None
    return int(given)
