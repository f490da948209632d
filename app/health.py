"""Operation: is it alive, is it ready, how is it doing."""

import hmac

from flask import Blueprint, Response, jsonify, make_response, request
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app import config
from app.config import LOOPBACK
from app.errors import Forbidden
from app.extensions import transaction
from models import CourseMaterial, ScoreOutbox

blueprint = Blueprint("health", __name__)


@blueprint.get("/health/live")
def live() -> Response:
    """The process answers."""
    return jsonify(status="live")


@blueprint.get("/health/ready")
def ready() -> Response:
    """The database answers and its schema is there."""
    try:
        with transaction() as session:
            session.execute(text("select version_num from alembic_version")).scalar_one()
    except SQLAlchemyError as error:
        return make_response({"status": "not ready", "reason": type(error).__name__}, 503)
    return jsonify(status="ready")


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures in Prometheus' text format, for loopback or the bearer of the metrics token."""
    _refuse_strangers()
    with transaction() as session:
        jobs = session.execute(
            text("select queue_name, status::text, count(*) from procrastinate_jobs group by 1, 2")
        ).all()
        scores = session.execute(
            select(ScoreOutbox.status, func.count()).group_by(ScoreOutbox.status)
        ).all()
        files = session.execute(
            select(CourseMaterial.file_fault, func.count())
            .where(CourseMaterial.file_fault.is_not(None))
            .group_by(CourseMaterial.file_fault)
        ).all()
    lines = [
        f'coursellm_jobs{{queue="{queue}",status="{status}"}} {count}'
        for queue, status, count in jobs
    ]
    lines += [f'coursellm_faulty_files{{fault="{fault}"}} {count}' for fault, count in files]
    lines += [f'coursellm_scores{{status="{status.value}"}} {count}' for status, count in scores]
    return Response("\n".join([*lines, ""]), mimetype="text/plain")


def _refuse_strangers() -> None:
    token = config.current().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(token.encode(), given.encode()):
        return
    # A proxy on this machine makes everybody come from loopback, and says whom it speaks for.
    is_forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For"))
    if token or is_forwarded or request.remote_addr not in LOOPBACK:
        raise Forbidden("Metrics are for the operator.")
