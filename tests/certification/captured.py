"""What Moodle 5.0 and 4.1 really sent: id_tokens, and what should come of each."""

import base64
import json
from pathlib import Path
from typing import Any

from models import CourseRole

CAPTURED = json.loads((Path(__file__).parent / "moodle_tokens.json").read_text())
TOKENS: dict[str, str] = CAPTURED["tokens"]

OPEN = {
    "launch_plain_student1": CourseRole.STUDENT,
    "launch_plain_student1_lineitem_empty_string": CourseRole.STUDENT,
    "launch_graded_student1": CourseRole.STUDENT,
    "launch_graded_student1_two_lineitems": CourseRole.STUDENT,
    "launch_graded_student2_unicode": CourseRole.STUDENT,
    "launch_graded_teacher": CourseRole.TEACHER,
    "launch_graded_nonediting_teacher": CourseRole.TEACHER,  # not to be told apart on Moodle
    "launch_graded_admin": CourseRole.TEACHER,
    "noprivacy_launch_graded_student2_unicode": CourseRole.STUDENT,
    "https_launch_graded_student1": CourseRole.STUDENT,
    "deep_linking_request": CourseRole.TEACHER,
    "noprivacy_deep_linking_request": CourseRole.TEACHER,
    "crosssite_launch_graded_student1": CourseRole.STUDENT,
    "crosssite_deep_linking_request": CourseRole.TEACHER,
    "https_deep_linking_request": CourseRole.TEACHER,
    "launch_plain_teacher": CourseRole.TEACHER,
    "launch_graded_site_manager": CourseRole.TEACHER,
    "launch_graded_student3_hidden_email": CourseRole.STUDENT,
    "moodle41_deep_linking_request": CourseRole.TEACHER,
    "moodle41_launch_graded_student1": CourseRole.STUDENT,
    "moodle41_launch_graded_student2_unicode": CourseRole.STUDENT,
    "moodle41_launch_graded_teacher": CourseRole.TEACHER,
}
REVIEWS = {
    "submission_review_teacher": CourseRole.TEACHER,
    "submission_review_student2_unicode": CourseRole.STUDENT,
    "submission_review_student2_unicode_no_for_user": CourseRole.STUDENT,
}


def claims_of(name: str) -> dict[str, Any]:
    """The claims of a captured token."""
    payload = TOKENS[name].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims
