"""What a link in the course stands for. The door: routes and forms, nothing else."""

from flask import Blueprint

blueprint = Blueprint("activities", __name__)
