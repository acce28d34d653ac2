"""What the product's words mean, for a reader of any page."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.glossary import GLOSSARY

bp = Blueprint("glossary", __name__, url_prefix="/glossary")


@bp.get("")
@permission("session.use")
def show() -> ResponseReturnValue:
    """Show every term with its meaning."""
    return render_template("glossary/show.html", terms=GLOSSARY)
