"""Pages over the wire: packed where it pays, and where it tells nobody else anything.

Why, and what of BREACH: docs/decisions/weight.md.
"""

import gzip

from flask import Response, request

# Below this a page fits into the first packet as it is.
LEAST_BYTES = 1000
# A page of 33 kB becomes 4.3 in a tenth of a millisecond; the last level takes twice that for 3 %.
LEVEL = 4
# How a browser says that our own page asked, or the person at it.
OWN_REQUESTS = frozenset({"same-origin", "none"})

DEPENDS_ON = "Accept-Encoding, Sec-Fetch-Site"


def compress(response: Response) -> Response:
    """Pack a page for a browser that takes it and asks by itself.

    A page shows secrets, and may show words of the address beside them. How long it is when packed
    would tell another site's page, which can make the browser ask with any words, how much they
    resemble. So nothing is packed that another site asked for.
    """
    if response.mimetype != "text/html" or response.is_streamed:
        return response
    response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), DEPENDS_ON)))
    if not (_is_taken() and request.headers.get("Sec-Fetch-Site") in OWN_REQUESTS):
        return response
    body = response.get_data()
    if len(body) >= LEAST_BYTES and "Content-Encoding" not in response.headers:
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _is_taken() -> bool:
    return request.accept_encodings["gzip"] > 0
