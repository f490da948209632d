"""The rules that djlint has no word for."""

import pytest

from scripts.template_rules import faults_of


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ('<p style="margin:0">', "style attribute"),
        ("<style>p {}</style>", "<style> element"),
        ("<script>go()</script>", "without a nonce"),
        ('<a onclick="go()">', "event attribute onclick"),
        ('<a hx-on:click="go()">', "event attribute hx-on:click"),
        ("<a hx-vals='js:{a: 1}'>", "evaluated expression"),
        ('<path fill="#c00">', "colour in fill"),
        ('<meta content="#ffffff">', "colour in content"),
    ],
)
def test_a_fault_is_found_at_its_line(template: str, fault: str) -> None:
    faults = list(faults_of(f"<!doctype html>\n{{# style= #}}\n{template}"))
    assert [line for line, _ in faults] == [3]
    assert fault in faults[0][1]


@pytest.mark.parametrize(
    "template",
    [
        '<a href="#add" hx-target="#face" class="cl-link">Chapter #2</a>',
        '<script src="{{ asset("main.js") }}" type="module"></script>',
        '<script nonce="{{ nonce }}">go()</script>',
        '<script type="application/json">{{ data|tojson }}</script>',
        '{# <p style="x"> #}<!-- <p style="x"> -->',
        '<p{% if a < b %} class="x"{% endif %} title="it&#039;s">',
    ],
)
def test_what_is_allowed(template: str) -> None:
    assert list(faults_of(template)) == []
