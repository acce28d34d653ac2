"""What the stories of the API begin with."""

ACME = {"slug": "acme", "name": "Acme", "email": "billing@acme.com", "currency": "usd"}


FEE = {
    "code": "database", "name": "Managed database", "kind": "recurring", "currency": "usd",
    "unit_amount": "3000", "unit_label": "database",
}  # fmt: skip


REQUESTS = {
    "code": "requests", "name": "API requests", "kind": "metered", "meter": "requests",
    "currency": "usd", "model": "graduated", "allowance": "100",
    "tiers": [{"up_to": "1000", "unit_amount": "0.5"}, {"up_to": None, "unit_amount": "0.25"}],
}  # fmt: skip


def set_up(caller):
    assert caller.post("/organizations", ACME).status_code == 201
    assert caller.post("/prices", FEE).status_code == 201
    assert caller.post("/prices", REQUESTS).status_code == 201
