"""Files → pages → chunks → vectors; search inside one course; reading a source. The door: routes and forms, nothing else."""

from flask import Blueprint

blueprint = Blueprint("materials", __name__)
