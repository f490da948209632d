"""The application factory: a table of contents of the house."""

from flask import Flask
from whitenoise import WhiteNoise

from app import cli, config, credentials, errors, frame, headers, health
from app.activities import views as activities
from app.admin import views as admin
from app.config import Settings
from app.extensions import db, migrate, watch_connections
from app.gradebook import views as gradebook
from app.launch import views as launch
from app.materials import views as materials
from app.practice import views as practice
from app.registration import views as registration
from app.review import views as review
from app.roster import views as roster
from app.selfcheck import views as selfcheck
from app.tutor import views as tutor


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application from the settings given, else from the environment.

    Raises BadSettings with every fault of the environment.
    """
    settings = settings or Settings.from_env()
    config.install(settings)

    app = Flask(__name__, template_folder="../templates")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": 20,
            "max_overflow": 20,
            "pool_timeout": 10,
        },
        MAX_CONTENT_LENGTH=settings.upload_limit_bytes + config.MEGABYTE,
    )
    _serve_static_files(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    db.init_app(app)
    watch_connections(app)
    migrate.init_app(app, db, directory="migrations")

    credentials.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    frame.init_app(app)
    cli.init_app(app)

    app.register_blueprint(health.blueprint)
    app.register_blueprint(admin.blueprint, url_prefix="/admin")
    app.register_blueprint(launch.blueprint, url_prefix="/lti")
    app.register_blueprint(registration.blueprint, url_prefix="/lti")
    app.register_blueprint(activities.blueprint, url_prefix="/s/<sid>/activities")
    app.register_blueprint(materials.blueprint, url_prefix="/s/<sid>/materials")
    app.register_blueprint(tutor.blueprint, url_prefix="/s/<sid>/tutor")
    app.register_blueprint(practice.blueprint, url_prefix="/s/<sid>/practice")
    app.register_blueprint(gradebook.blueprint, url_prefix="/s/<sid>/grades")
    app.register_blueprint(review.blueprint, url_prefix="/s/<sid>/review")
    app.register_blueprint(roster.blueprint, url_prefix="/s/<sid>/people")
    app.register_blueprint(selfcheck.blueprint, url_prefix="/s/<sid>/check")
    return app


def _serve_static_files(app: Flask) -> None:
    """Built files, compressed where the browser takes it so; their addresses change with them."""
    files = WhiteNoise(
        app.wsgi_app,
        max_age=365 * 24 * 3600,
        allow_all_origins=False,
        add_headers_function=headers.protect_file,
    )
    files.add_files(app.static_folder, prefix="static/")
    app.wsgi_app = files  # type: ignore[method-assign]
