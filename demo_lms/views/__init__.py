"""The doors of the demo LMS: pages for people, endpoints for the tool."""

from __future__ import annotations

from flask import Flask

from demo_lms.views import (
    assignments,
    course,
    faults,
    gradebook,
    launch,
    picker,
    privacy,
    roster,
    security,
    tools,
)


def register(app: Flask) -> None:
    for pages in (
        course.pages,
        picker.pages,
        gradebook.pages,
        privacy.pages,
        faults.pages,
        tools.pages,
    ):
        app.register_blueprint(pages)
    for endpoints in (launch.endpoints, security.endpoints, picker.endpoints, tools.endpoints):
        app.register_blueprint(endpoints)
    for service in (assignments.service, roster.service):
        app.register_blueprint(service)
