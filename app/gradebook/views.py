"""Scores to the LMS: which counts, the outbox, receipts. The door: routes and forms, nothing else."""

from flask import Blueprint

blueprint = Blueprint("gradebook", __name__)
