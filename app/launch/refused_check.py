"""A connection check whose own sign-in is refused: how far it came, what failed, what to do.

Built from the refusal alone: nothing is shown but what this very sign-in brought.
"""

from dataclasses import dataclass

from app.selfcheck.terms import Finding, Verdict
from lti_config.errors import Fault, LaunchRefused


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sign-in: what it is, what it proves, which faults end it there."""

    title: str
    passed: str
    faults: frozenset[Fault]


STEPS = (
    Step("Registration", "CourseLLM knows your LMS and its client id.", frozenset()),
    Step("Answer of the LMS", "Your LMS answered the sign-in.", frozenset({Fault.DENIED})),
    Step("Keys", "The signature is your LMS's.", frozenset({Fault.KEY_SET, Fault.KEY})),
    Step(
        "Issuer and client id",
        "The sign-in is of your LMS, for this tool.",
        frozenset({Fault.ISSUER, Fault.AUDIENCE}),
    ),
    Step("Clock", "The times of the sign-in gave no trouble.", frozenset({Fault.CLOCK})),
    Step(
        "Message",
        "All that LTI requires came.",
        frozenset({Fault.MESSAGE, Fault.TARGET, Fault.ANONYMOUS}),
    ),
    Step("Deployment", "The deployment is approved.", frozenset({Fault.DEPLOYMENT})),
)

TODO = {
    Fault.TARGET: "Compare the address in the link, and the tool's address in the LMS, with that "
    "of this CourseLLM: they must lead to one place, https and port included.",
    Fault.DENIED: "Compare the redirection address in the LMS with this CourseLLM's /lti/launch, "
    "and see that the tool is switched on there (Canvas: the developer key; Moodle: the tool).",
    Fault.KEY_SET: "CourseLLM could not read your LMS's public keys. The key set address must "
    "answer from outside, by https, with JSON.",
    Fault.KEY: "If the keys of your LMS were renewed just now, wait a minute and try again. Else "
    "the key set address that CourseLLM was given belongs to another LMS: tell its operator.",
    Fault.ISSUER: "Your LMS signs with another name than CourseLLM knows it by. If it has a new "
    "address, the operator of CourseLLM has to move the issuer.",
    Fault.AUDIENCE: "The sign-in is for another client id. Compare the tool's client id in the "
    "LMS with the one that was registered here.",
    Fault.CLOCK: "Have the clocks of both servers set by a time server (NTP). If they are right, "
    "the sign-in took too long: try again.",
    Fault.MESSAGE: "See that the tool is set up for LTI 1.3 and that the link was added as an "
    "LTI link, not as a plain address.",
    Fault.ANONYMOUS: "Log in to the LMS first. If you are, the tool may be open to visitors "
    "without an account: CourseLLM is not.",
    Fault.DEPLOYMENT: "The operator of CourseLLM has to approve this deployment: the console "
    "shows it as pending from now on.",
}
_TELLING = {Fault.CLOCK, Fault.DEPLOYMENT, Fault.MESSAGE, Fault.TARGET, Fault.DENIED}
"""Faults whose reason holds nothing but what the sign-in brought, and figures."""


def steps(refusal: LaunchRefused, *, is_login: bool) -> list[Finding]:
    """Every step of the sign-in: passed, failed, or not reached."""
    fault = refusal.fault
    at = next((i for i, step in enumerate(STEPS) if fault in step.faults), None)
    if at is None or fault is None:
        return [_unplaced(refusal, is_login)]
    failed = Finding(
        STEPS[at].title,
        Verdict.BAD,
        TODO[fault],
        detail=refusal.reason.partition("; registration")[0] if fault in _TELLING else "",
    )
    passed = [Finding(step.title, Verdict.GOOD, step.passed) for step in STEPS[:at]]
    ahead = [Finding(step.title, Verdict.OFF, "Not reached.") for step in STEPS[at + 1 :]]
    return [*passed, failed, *ahead]


def _unplaced(refusal: LaunchRefused, is_login: bool) -> Finding:
    """No fault of the connection that we know: a registration missing, or this one sign-in."""
    if is_login:
        todo = (
            "Compare issuer and client id, letter by letter, with what was registered here; the "
            "operator of CourseLLM sees both in the console."
        )
        return Finding(STEPS[0].title, Verdict.BAD, todo)
    return Finding("This sign-in", Verdict.BAD, refusal.sentence)
