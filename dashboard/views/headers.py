"""The headers that tell browsers what a page may do."""

from urllib.parse import urlsplit

from flask import Flask, Response

from dashboard.config import Config
from dashboard.views.compression import DEPENDS_ON
from dashboard.views.hypermedia import VARIANTS

STRIPE_PAGES = ("https://billing.stripe.com", "https://checkout.stripe.com")


def content_policy(config: Config) -> str:
    """Return the Content-Security-Policy: our own files only, no inline script or style.

    A form's target includes where its answer redirects to, hence Stripe's pages; a stand-in for
    Stripe serves its portal from its own address.
    """
    base = urlsplit(config.stripe_api_base)
    stand_in = () if base.hostname == "api.stripe.com" else (f"{base.scheme}://{base.netloc}",)
    targets = " ".join(("'self'", *STRIPE_PAGES, *stand_in))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "font-src 'self'",
            f"form-action {targets}",
            "frame-ancestors 'none'",
            "base-uri 'self'",
        )
    )


def fixed_headers(config: Config) -> dict[str, str]:
    """Return the policy and its companions."""
    fixed = {
        "Content-Security-Policy": content_policy(config),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if config.session_cookie_secure:
        fixed["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return fixed


def headers_of_data(config: Config) -> list[tuple[str, str]]:
    """Return the headers of what the API answers, beside those of the answer itself."""
    told = {"Cache-Control": "no-store", "Vary": ", ".join(VARIANTS)}
    return [*(fixed_headers(config) | told).items()]


def headers_of_fragments(config: Config) -> list[tuple[str, str]]:
    """Return the headers of a part of a page that is sent as it is, beside those of the answer."""
    told = {"Cache-Control": "no-store", "Vary": ", ".join((DEPENDS_ON, *VARIANTS))}
    return [*(fixed_headers(config) | told).items()]


def register_headers(app: Flask, fixed: dict[str, str]) -> None:
    """Send these headers with every answer."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        # Looked through once: each header that is asked for by its name is looked for from the top.
        present = {name.lower() for name, _ in response.headers}
        missing = [pair for pair in fixed.items() if pair[0].lower() not in present]
        response.headers.extend(missing)
        return response
