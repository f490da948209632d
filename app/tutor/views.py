"""Conversations: one turn, evidence, citations. The door: routes and forms, nothing else."""

from flask import Blueprint

blueprint = Blueprint("tutor", __name__)
