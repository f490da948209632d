"""`flask demo …`: the sample course for trying things out. Refused in production."""

import time

import click
from flask.cli import AppGroup

from app import config
from app.demo import course, loading, vectors
from app.demo.content import COURSE
from app.extensions import transaction
from app.llm.client import ModelUnavailable, embed_passages
from app.llm.profiles import embedding_profile
from lti_config.addresses import TrustedHosts
from lti_config.errors import AddressRefused

TEXTS_PER_REQUEST = 4

demo = AppGroup("demo", help="A sample course to try things out. Refused in production.")


@demo.command("course")
@click.option(
    "--lms-port",
    envvar="DEMO_LMS_PORT",
    type=click.IntRange(1, 65535),
    default=8001,
    show_default=True,
    help="Port that the demo LMS listens on.",
)
def load_course(lms_port: int) -> None:
    """Register the demo LMS and load the course "Python basics".

    Can be run again at any time: it adds what is missing and changes nothing else.
    """
    _refuse_in_production()
    begin = time.monotonic()
    host = f"127.0.0.1:{lms_port}"
    trusted = TrustedHosts(config.current().trusted_private_hosts)
    try:
        with transaction() as session:
            deployment = course.make_platform(session, f"http://{host}", trusted)
            course_id = course.make_course(session, deployment).course_id
    except AddressRefused as error:
        raise click.ClickException(
            f"the demo LMS may not be reached: {error}. Set COURSELLM_TRUSTED_PRIVATE_HOSTS={host} "
            "and start again. Nothing was changed."
        ) from error
    added = loading.load_materials(course_id, vectors.read())
    seconds = time.monotonic() - begin
    click.echo(f"The sample course is ready: {added} files added ({seconds:.1f} s).")


@demo.command("vectors", hidden=True)
def make_vectors() -> None:
    """Make the sample course's vectors anew, after its texts were changed.

    Needs the embedding server that the settings name; writes the file that is committed.
    """
    _refuse_in_production()
    texts = list(dict.fromkeys(text for file in COURSE.files for text in loading.texts_of(file)))
    made: list[list[float]] = []
    try:
        for start in range(0, len(texts), TEXTS_PER_REQUEST):
            made += embed_passages(texts[start : start + TEXTS_PER_REQUEST])
    except ModelUnavailable as error:
        raise click.ClickException(
            f"the embedding server does not answer ({error.reason}). Start one, and name it in "
            "COURSELLM_EMBEDDING_BASE_URL."
        ) from error
    vectors.write(embedding_profile().name, texts, made)
    click.echo(f"{len(texts)} vectors written to {vectors.PATH}.")


def _refuse_in_production() -> None:
    settings = config.current()
    if settings.is_production:
        raise click.ClickException(
            f"this is a production installation (COURSELLM_URL is {settings.url}). In the demo "
            "everybody may be anybody, so it is refused here. Nothing was changed."
        )
