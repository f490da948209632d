"""The administrator's page of switches that make the platform misbehave.

A test in another process sets them by HTTP, all at once (what is left out is off):
POST /faults with the cookie demo_lms_person=admin and the form fields of `faults.Faults`.
"""

from __future__ import annotations

import re

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from demo_lms import faults
from demo_lms.errors import bad_request
from demo_lms.views.browser import current_person, lms, page_blueprint, require

pages = page_blueprint("faults", __name__)


@pages.get("/faults")
def show() -> str:
    require(current_person().is_admin, "the administrator")
    found = faults.get_faults(lms().store)
    return render_template("faults.html", faults=found, storages=faults.STORAGES)


@pages.post("/faults")
def change() -> Response:
    require(current_person().is_admin, "the administrator")
    unknown = set(request.form) - set(faults.NAMES)
    if unknown:
        raise bad_request(f"There is no switch {', '.join(sorted(unknown))}.")
    switches = ("ags_down", "nrps_down", "token_down", "jwks_down")
    changes: dict[str, bool | int | str] = {
        name: request.form.get(name) == "1" for name in switches
    }
    changes["ags_hang"] = _seconds("ags_hang", least=0)
    changes["clock_offset"] = _seconds("clock_offset", least=-faults.LIMIT)
    changes["platform_storage"] = _storage()
    faults.set_faults(lms().store, **changes)
    return redirect("/faults", 303)


def _storage() -> str:
    name = request.form.get("platform_storage", "")
    if name not in faults.STORAGES:
        raise bad_request("There is no such platform storage.")
    return name


def _seconds(name: str, *, least: int) -> int:
    text = request.form.get(name, "").strip() or "0"
    if not re.fullmatch(r"-?[0-9]{1,6}", text) or not least <= int(text) <= faults.LIMIT:
        raise bad_request(f"{name} is a whole number of seconds from {least} to {faults.LIMIT}.")
    return int(text)
