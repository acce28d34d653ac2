"""An event is handed over in one request, bounded in time and size, whatever the receiver does."""

from __future__ import annotations

import time

import pytest

from dashboard.outgoing.post import Answer, post
from dashboard.outgoing.reach import target_of
from tests.support.outgoing import LOOPBACK
from tests.support.receivers import (
    Behavior,
    Receiver,
    answers,
    drips,
    floods,
    hangs,
    receiver,
    says,
)

PATIENCE = 1.0


def hand_over(to: Receiver, *, body: str = '{"type":"a"}') -> Answer:
    """Hand an event over."""
    target = target_of(to.url, LOOPBACK)
    return post(target, body, {"webhook-id": "msg_1"}, LOOPBACK, patience=PATIENCE)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_success_is_taken(status: int) -> None:
    with receiver(answers(status, b"" if status == 204 else b"thanks")) as one:
        answer = hand_over(one)
    assert answer.is_taken
    assert (answer.status, answer.problem) == (status, None)
    [request] = one.requests
    assert (request.path, request.body) == ("/events", '{"type":"a"}')
    assert request.headers["host"] == f"127.0.0.1:{one.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiver() as other, receiver(answers(status, b"", f"location: {other.url}")) as one:
        answer = hand_over(one)
    assert not answer.is_taken
    assert answer.why_not == f"It answered {status}, a redirect, which is not followed."
    assert other.requests == []


def test_how_a_refusal_begins_is_kept_in_one_line() -> None:
    with receiver(answers(500, b"no\r\n\x00 such\tthing")) as one:
        answer = hand_over(one)
    assert (answer.status, answer.why_not) == (500, "It answered 500.")
    assert answer.begins == "no \ufffd such thing"


def test_of_a_huge_answer_only_the_beginning_is_read() -> None:
    head = b"HTTP/1.1 500 Broken\r\ncontent-length: 100000000000\r\n\r\n"
    with receiver(floods(head)) as one:
        began = time.monotonic()
        answer = hand_over(one)
    assert answer.status == 500
    assert answer.begins is not None
    assert len(answer.begins) == 300
    assert time.monotonic() - began < PATIENCE


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK "])
def test_a_head_without_end_is_no_answer(head: bytes) -> None:
    with receiver(floods(head)) as one:
        answer = hand_over(one)
    assert answer.why_not == "Its answer has a head without end."


@pytest.mark.parametrize(
    "behaves",
    [hangs(), drips(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), drips(b"HTTP/1.1 200 OK\r\nx: y")],
)
def test_who_does_not_come_to_an_end_is_left(behaves: Behavior) -> None:
    with receiver(behaves) as one:
        began = time.monotonic()
        answer = hand_over(one)
        took = time.monotonic() - began
    assert answer.why_not == "It did not answer within 1 seconds."
    assert PATIENCE <= took < PATIENCE + 0.7
    assert answer.took_ms >= 1000


def test_a_success_counts_though_its_body_never_ends() -> None:
    with receiver(floods(b"HTTP/1.1 200 OK\r\n\r\n")) as one:
        assert hand_over(one).is_taken


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "It closed the connection before it answered."),
        (b"HTTP/1.1 200 OK\r\ncontent-le", "It closed the connection before it answered."),
        (b"SSH-2.0-OpenSSH_9\r\n", "Its answer is not HTTP."),
        (b"HTTP/1.1 999 No\r\n\r\n", "Its answer is not HTTP."),
        (b"HTTP/1.1 2000 No\r\n\r\n", "Its answer is not HTTP."),
    ],
)
def test_what_is_no_answer_is_none(raw: bytes, why: str) -> None:
    with receiver(says(raw)) as one:
        answer = hand_over(one)
    assert (answer.is_taken, answer.status, answer.why_not) == (False, None, why)


def test_informational_answers_are_passed() -> None:
    with receiver(says(b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 202 OK\r\n\r\n")) as one:
        assert hand_over(one).status == 202


def test_a_large_event_arrives_whole() -> None:
    body = '{"type":"' + "ü" * 200_000 + '"}'
    with receiver() as one:
        assert hand_over(one, body=body).is_taken
    assert one.requests[0].body == body


def test_nobody_there_is_said() -> None:
    with receiver() as one:
        pass
    answer = hand_over(one)
    assert answer.status is None
    assert answer.why_not.startswith("It could not be reached: ")


def test_a_server_that_does_not_speak_tls_is_said() -> None:
    with receiver(says(b"hello")) as one:
        target = target_of(one.url.replace("http:", "https:"), LOOPBACK)
        answer = post(target, "{}", {}, LOOPBACK, patience=PATIENCE)
    assert answer.status is None
    assert answer.why_not
