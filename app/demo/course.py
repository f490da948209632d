"""Makes the sample course in the database: the platform it is launched from, the course, its
concepts and questions.

Everything has an id that follows from the course's id and its own short name, so a second run
finds what the first one made, whatever a teacher has changed in it since, and adds what is missing.
"""

from decimal import Decimal
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.connections import registrations
from app.connections.registrations import NewRegistration
from app.demo.content import COURSE, ConceptEntry, Question
from app.practice.choices import stored
from lti_config.addresses import TrustedHosts
from models import (
    SYSTEM_USER_ID,
    Concept,
    ConceptDependency,
    Course,
    Deployment,
    LtiContext,
    PracticeQuestion,
    Registration,
    RegistrationStatus,
    now,
)

CLIENT_ID, DEPLOYMENT_ID, CONTEXT_ID = "coursellm-demo", "demo-1", "demo-course"


def id_in(course_id: UUID, kind: str, name: str) -> UUID:
    """The id of one of the sample course's own things, the same at every run."""
    return uuid5(course_id, f"sample/{kind}/{name}")


def make_platform(session: Session, issuer: str, trusted: TrustedHosts) -> Deployment:
    """The demo LMS's deployment, registered if it is new. Raises AddressRefused."""
    registration = session.scalar(
        select(Registration).where(
            Registration.issuer == issuer, Registration.client_id == CLIENT_ID
        )
    )
    if registration is None:
        new = NewRegistration(
            name="Demo LMS",
            issuer=issuer,
            client_id=CLIENT_ID,
            auth_url=f"{issuer}/auth",
            token_url=f"{issuer}/token",
            jwks_url=f"{issuer}/jwks",
            deployments=(DEPLOYMENT_ID,),
        )
        registration = registrations.add(session, new, trusted)
    return _deployment(session, registration)


def _deployment(session: Session, registration: Registration) -> Deployment:
    found = session.scalar(
        select(Deployment).where(
            Deployment.registration_id == registration.registration_id,
            Deployment.lti_deployment_id == DEPLOYMENT_ID,
        )
    )
    if found is None:
        found = Deployment(
            registration_id=registration.registration_id,
            lti_deployment_id=DEPLOYMENT_ID,
            status=RegistrationStatus.ACTIVE,
        )
        session.add(found)
        session.flush()
    return found


def make_course(session: Session, deployment: Deployment) -> Course:
    """The course that the demo LMS's context stands for, with its concepts and questions.

    A launch may have made it already: then it gets what it lacks.
    """
    context = session.scalar(
        select(LtiContext).where(
            LtiContext.deployment_id == deployment.deployment_id,
            LtiContext.lti_context_id == CONTEXT_ID,
        )
    )
    course = session.get_one(Course, context.course_id) if context else _course(session, deployment)
    course.description = course.description or COURSE.description
    concepts = {entry.slug: _concept(session, course, entry) for entry in COURSE.concepts}
    for entry in COURSE.concepts:
        _prerequisites(session, entry, concepts)
        for question in entry.questions:
            _question(session, concepts[entry.slug], question)
    session.flush()
    return course


def _course(session: Session, deployment: Deployment) -> Course:
    course = Course(course_code=COURSE.code, course_name=COURSE.name, semester="", year=now().year)
    session.add(course)
    session.flush()
    session.add(
        LtiContext(
            deployment_id=deployment.deployment_id,
            lti_context_id=CONTEXT_ID,
            course_id=course.course_id,
            label=COURSE.code,
            title=COURSE.name,
        )
    )
    return course


def _concept(session: Session, course: Course, entry: ConceptEntry) -> Concept:
    """Ours, under whatever name, or one that a teacher made under the same name."""
    concept_id = id_in(course.course_id, "concept", entry.slug)
    found = session.get(Concept, concept_id) or session.scalar(
        select(Concept).where(
            Concept.course_id == course.course_id,
            func.lower(Concept.name) == entry.name.lower(),
        )
    )
    if found is None:
        found = Concept(
            concept_id=concept_id,
            course_id=course.course_id,
            name=entry.name,
            description=entry.description,
            difficulty_level=entry.difficulty,
            estimated_hours=Decimal(str(entry.hours)),
            keywords=list(entry.keywords),
        )
        session.add(found)
        session.flush()
    return found


def _prerequisites(session: Session, entry: ConceptEntry, concepts: dict[str, Concept]) -> None:
    dependent = concepts[entry.slug].concept_id
    for slug, strength in entry.prerequisites.items():
        prerequisite = concepts[slug].concept_id
        known = session.scalar(
            select(ConceptDependency.dependency_id).where(
                ConceptDependency.prerequisite_concept_id == prerequisite,
                ConceptDependency.dependent_concept_id == dependent,
            )
        )
        if known is None:
            session.add(
                ConceptDependency(
                    prerequisite_concept_id=prerequisite,
                    dependent_concept_id=dependent,
                    dependency_strength=strength,
                )
            )


def _question(session: Session, concept: Concept, question: Question) -> None:
    question_id = id_in(concept.course_id, "question", question.slug)
    if session.get(PracticeQuestion, question_id) is not None:
        return
    session.add(
        PracticeQuestion(
            question_id=question_id,
            course_id=concept.course_id,
            concept_id=concept.concept_id,
            created_by=SYSTEM_USER_ID,
            question_type=question.kind,
            difficulty=question.difficulty,
            question_text=question.text,
            options=stored(question.choices) if question.choices else None,
            correct_answer=question.correct,
            explanation=question.whole_explanation,
            estimated_time_minutes=question.minutes,
        )
    )
