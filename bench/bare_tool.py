"""A tool of PyLTI1p3's Flask adapter and nothing else, to measure ours beside it.

As the library's own example is made: login, launch, a cache of files (several processes cannot
share the example's cache in memory). It keeps no person, no course and no session, and asks for
the platform's key set at each launch. Served by gunicorn as ours is; told by BARE_TOOL, a JSON
object: issuer, client_id, auth_url, token_url, jwks_url, deployment_id, launch_url, folder,
cache: options of Flask-Caching over its defaults.
"""

import json
import os

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_caching import Cache
from pylti1p3.contrib.flask import (
    FlaskCacheDataStorage,
    FlaskMessageLaunch,
    FlaskOIDCLogin,
    FlaskRequest,
)
from pylti1p3.tool_config import ToolConfDict

_told = json.loads(os.environ["BARE_TOOL"])

application = Flask(__name__)
application.config.update(SECRET_KEY="measured", CACHE_TYPE="FileSystemCache")
application.config.update(CACHE_DIR=_told["folder"], **_told["cache"])
cache = Cache(application)

tools = ToolConfDict(
    {
        _told["issuer"]: [
            {
                "default": True,
                "client_id": _told["client_id"],
                "auth_login_url": _told["auth_url"],
                "auth_token_url": _told["token_url"],
                "key_set_url": _told["jwks_url"],
                "key_set": None,
                "deployment_ids": [_told["deployment_id"]],
            }
        ]
    }
)


@application.route("/health/ready")
def ready() -> str:
    return "ready"


@application.route("/lti/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    started = FlaskOIDCLogin(FlaskRequest(), tools, launch_data_storage=_storage())
    answer: ResponseReturnValue = started.redirect(_told["launch_url"])
    return answer


@application.post("/lti/launch")
def launch() -> str:
    message = FlaskMessageLaunch(FlaskRequest(), tools, launch_data_storage=_storage())
    message.get_launch_data()
    return str(message.get_launch_id())


def _storage() -> FlaskCacheDataStorage:
    return FlaskCacheDataStorage(cache)
