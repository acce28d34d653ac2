"""The API speaks UTC, whatever zone a caller or the server is in."""

ACME = {"slug": "acme", "name": "Acme", "email": "billing@acme.com", "currency": "usd"}


def test_an_instant_sent_in_another_zone_is_told_in_utc(caller):
    wanted = ACME | {"cycle_anchor_at": "2026-10-30T19:00:00-07:00"}
    told = caller.post("/organizations", wanted)
    read = caller.get("/organizations/acme")
    assert [answer.json["cycle_anchor_at"] for answer in (told, read)] == [
        "2026-10-31T02:00:00Z"
    ] * 2
    assert read.json["created_at"].endswith("Z")
    bill = caller.get("/organizations/acme/current-invoice").json
    assert (bill["period_start"][-10:], bill["period_end"][-10:]) == ("T02:00:00Z", "T02:00:00Z")
