"""`flask demo …`: the sample course for trying things out. Refused in production."""

import time
from collections.abc import Sequence

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
@click.option("--all", "everything", is_flag=True, help="Also those of texts that are unchanged.")
def make_vectors(everything: bool) -> None:
    """Make the vectors that the sample course lacks, after its texts were changed.

    Needs the embedding server that the settings name; writes the file that is committed.
    """
    _refuse_in_production()
    model = embedding_profile().name
    known = vectors.read()
    texts = list(dict.fromkeys(text for file in COURSE.files for text in loading.texts_of(file)))
    by_text = {
        text: vector
        for text in texts
        if not everything and known.model == model and (vector := known.find(text))
    }
    new = [text for text in texts if text not in by_text]
    by_text |= zip(new, _embedded(new), strict=True)
    vectors.write(model, texts, [by_text[text] for text in texts])
    click.echo(f"{len(new)} of {len(texts)} vectors made; written to {vectors.PATH}.")


def _embedded(texts: Sequence[str]) -> list[list[float]]:
    made: list[list[float]] = []
    try:
        for start in range(0, len(texts), TEXTS_PER_REQUEST):
            made += embed_passages(texts[start : start + TEXTS_PER_REQUEST])
    except ModelUnavailable as error:
        raise click.ClickException(
            f"the embedding server does not answer ({error.reason}). Start one, and name it in "
            "COURSELLM_EMBEDDING_BASE_URL."
        ) from error
    return made


def _refuse_in_production() -> None:
    settings = config.current()
    if settings.is_production:
        raise click.ClickException(
            f"this is a production installation (COURSELLM_URL is {settings.url}). In the demo "
            "everybody may be anybody, so it is refused here. Nothing was changed."
        )
