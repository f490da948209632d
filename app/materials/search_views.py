"""The door of search for people: a box, and the passages that were found."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from app.access import Right, current_actor, guard
from app.extensions import transaction
from app.materials import looking
from app.materials.looking import Hit

blueprint = Blueprint("search", __name__)
guard(blueprint, Right.LEARN, Right.TEACH)


@blueprint.context_processor
def _addresses() -> dict[str, Any]:
    return {"hit_url": hit_url}


def hit_url(hit: Hit, text: str) -> str:
    """The source at the hit's page, its sentence marked; `q` is the way back."""
    return url_for(
        "materials.source",
        material_id=hit.passage.material_id,
        page=hit.page,
        chunk=hit.passage.chunk_id,
        quote=hit.passage.snippet.text or None,
        q=text,
    )


@blueprint.get("/search")
def index() -> str:
    """The box alone, or what was found; a part of the page where the page asks for that."""
    actor, text = current_actor(), request.args.get("q", "").strip()
    see_hidden = actor.may(Right.TEACH)
    found = (
        looking.look_up(actor.course, actor.user_id, text, see_hidden=see_hidden) if text else None
    )
    with transaction() as session:
        has_any = looking.anything_to_search(session, actor.course, see_hidden=see_hidden)
    is_part = request.headers.get("HX-Request-Type") == "partial"
    return render_template(
        "materials/_found.html" if is_part else "materials/search.html",
        found=found,
        has_any=has_any,
        may_teach=see_hidden,
        may_change=actor.may(Right.MANAGE),
        longest=looking.LONGEST,
    )
