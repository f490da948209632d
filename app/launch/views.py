"""The front door: login, launch, key set. The door: routes and forms, nothing else."""

from flask import Blueprint

blueprint = Blueprint("launch", __name__)
