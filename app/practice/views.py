"""Question bank, answering, grading. The door: routes and forms, nothing else."""

from flask import Blueprint

blueprint = Blueprint("practice", __name__)
