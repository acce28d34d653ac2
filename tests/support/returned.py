"""Forms as they come back."""

from bs4 import BeautifulSoup


def fields_of(form: BeautifulSoup) -> dict[str, str]:
    """Return what a form would send, its token aside."""
    inputs = form.select("input[name]:not([type=radio]), input[checked]")
    found = {one["name"]: one.get("value", "") for one in inputs}
    texts = {one["name"]: one.text.removeprefix("\n") for one in form.select("textarea")}
    found.pop("csrf_token")
    return found | texts
