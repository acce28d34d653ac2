"""A browser is named in a few words, all of them ours."""

import pytest

from dashboard.accounts.device import device_name

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("system", "browser", "name"),
    [
        ("X11; Linux x86_64; rv:140.0", "Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Windows NT 10.0", f"{WEBKIT} Chrome/140 Safari/537", "Chrome on Windows"),
        ("Windows NT 10.0", f"{WEBKIT} Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("Macintosh; Intel Mac OS X 10_15", f"{WEBKIT} Version/18 Safari/605", "Safari on Mac"),
        ("iPhone; CPU iPhone OS 18_0 like Mac OS X", f"{WEBKIT} Safari/604", "Safari on iPhone"),
        ("iPad; CPU OS 18 like Mac OS X", f"{WEBKIT} CriOS/140 Safari/604", "Chrome on iPad"),
        ("Linux; Android 15", f"{WEBKIT} Chrome/140 Mobile Safari/537", "Chrome on Android"),
        ("", "curl/8.5.0", "curl"),
        ("", "", "Unknown browser"),
        ("<script>alert(1)</script>", "", "Unknown browser"),
    ],
)
def test_a_browser_is_named_as_its_owner_knows_it(system: str, browser: str, name: str) -> None:
    assert device_name(f"Mozilla/5.0 ({system}) {browser}") == name
