"""An OpenID Connect provider on loopback that keeps the rules, or breaks one when told to."""

from __future__ import annotations

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_urlsafe
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, abort, jsonify, request
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "billing", "a secret of the tests"


class LoopbackProvider:
    """Says who `claims` is, to whoever asks by the rules.

    `lies` are claims put over the true ones, None for one that is left out. What else may be wrong
    is an attribute each.
    """

    def __init__(self) -> None:
        self.url = ""
        self.claims: dict[str, Any] = {
            "sub": "0001", "email": "ada@example.com", "email_verified": True, "name": "Ada",
        }  # fmt: skip
        self.lies: dict[str, Any] = {}
        self.userinfo_lies: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.key = self.shown_key = RSAKey.generate_key(2048, {"kid": "first"}, private=True)
        self.algorithm = "RS256"
        self.seconds_ahead = 0
        self.pause_seconds = 0.0
        self.is_away = False
        self.tells_by_userinfo = False
        self.asked: list[str] = []
        self.answers: dict[str, str] = {}
        self._codes: dict[str, dict[str, str]] = {}

    def authorize(self, url: str) -> str:
        """Consent at `url`, as a person would; return where they are led back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["nonce"]
        assert "openid" in asked["scope"].split()
        code = token_urlsafe()
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def deny(self, url: str) -> str:
        """Refuse at `url`, as a person would; return where they are led back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        told = {"error": "access_denied", "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(told)}"

    def token(self) -> Response:
        """Answer the code's exchange."""
        asked = self._codes.pop(request.form.get("code", ""), None)
        who = request.authorization
        if who is None or (who.username, who.password) != (CLIENT_ID, CLIENT_SECRET):
            return _refusal("invalid_client", 401)
        if asked is None or asked["redirect_uri"] != request.form.get("redirect_uri"):
            return _refusal("invalid_grant")
        if challenge(request.form.get("code_verifier", "")) != asked["code_challenge"]:
            return _refusal("invalid_grant")
        told = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 60}
        return jsonify(told | {"id_token": self.id_token(asked["nonce"])})

    def id_token(self, nonce: str) -> str:
        """Return the signed token."""
        now = int(time.time()) + self.seconds_ahead
        true = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
        told = {"sub": self.claims["sub"]} if self.tells_by_userinfo else self.claims
        claims = {name: one for name, one in (true | told | self.lies).items() if one is not None}
        key = self.key if self.algorithm != "HS256" else OctKey.import_key(CLIENT_SECRET)
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm == "none":
            return f"{_packed(header)}.{_packed(claims)}."
        return jwt.encode(header, claims, key, algorithms=[self.algorithm])

    def app(self) -> Flask:
        """Return the provider's back channel."""
        app = Flask("provider")

        @app.before_request
        def note() -> None:
            self.asked.append(request.path)
            time.sleep(self.pause_seconds)
            if self.is_away:
                abort(502)
            if request.path in self.answers:
                abort(Response(self.answers[request.path], mimetype="application/json"))

        @app.get("/.well-known/openid-configuration")
        def discovery() -> Response:
            return jsonify(self._document() | self.document)

        @app.get("/jwks")
        def jwks() -> Response:
            return jsonify(KeySet([self.shown_key]).as_dict(private=False))

        app.add_url_rule("/token", view_func=self.token, methods=["POST"])

        @app.get("/userinfo")
        def userinfo() -> Response:
            assert request.headers["Authorization"] == "Bearer opaque"
            return jsonify(self.claims | self.userinfo_lies)

        return app

    def _document(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }


@contextmanager
def running_provider() -> Iterator[LoopbackProvider]:
    """Lend a provider that answers."""
    provider = LoopbackProvider()
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def challenge(verifier: str) -> str:
    """Return what is told beforehand of a verifier."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _refusal(error: str, status: int = 400) -> Response:
    answer = jsonify({"error": error})
    answer.status_code = status
    return answer


def _packed(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
