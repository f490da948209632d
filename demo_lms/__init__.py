"""A small LTI 1.3 Advantage platform for trying and testing the tool, on this machine only.

It shares no LTI code with the tool (JOSE by joserfc), so that errors do not cancel out. Anybody
may be anybody here: there are persons to be, no passwords, and hence it never leaves loopback.

    python -m demo_lms                      serve it (DEMO_LMS_PORT, COURSELLM_DATA, COURSELLM_URL)
    create_app(Settings(folder=tmp_path))   the same as a Flask application, for tests
    Platform.open(Settings(folder=…))       without HTTP: see oidc.py and tokens.py

Where to read: oidc.py (launch), tokens.py (id_token), deep_linking.py, oauth.py (access tokens),
line_items.py and scores.py (AGS), roster.py (NRPS), registration.py and tools.py (tools
that register themselves), faults.py (switches), views/ (the doors).
"""

from __future__ import annotations

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from demo_lms import views
from demo_lms.platform import Platform
from demo_lms.settings import Settings, SettingsRefused
from demo_lms.views.browser import add_headers, lms, template_values

__all__ = ["Platform", "Settings", "SettingsRefused", "create_app"]

_LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"]
_MOST_BYTES = 1024 * 1024


def create_app(settings: Settings | None = None, *, platform: Platform | None = None) -> Flask:
    """The demo LMS as an application: of these settings, of the environment's, or of a platform
    that is open already. Raises SettingsRefused unless everything is on loopback.
    """
    platform = platform or Platform.open(settings or Settings.from_env())
    app = Flask(__name__)
    app.extensions["demo_lms"] = platform
    app.config["SERVER_NAME"] = platform.settings.netloc
    app.config["TRUSTED_HOSTS"] = [*_LOOPBACK_NAMES, platform.settings.host]
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(_go_to_issuer)
    app.after_request(add_headers)
    app.context_processor(template_values)
    app.add_url_rule("/health", "health", lambda: {"status": "ok"})
    views.register(app)
    return app


def _go_to_issuer() -> Response | None:
    """One address for people: localhost and 127.0.0.1 are two sites with two sets of cookies."""
    settings = lms().settings
    if request.method == "GET" and request.host != settings.netloc and request.path != "/health":
        return redirect(settings.issuer + request.full_path.rstrip("?"))
    return None
