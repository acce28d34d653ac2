"""How the close is told, on its page and by its command."""

from __future__ import annotations

from dashboard.closing.progress import Means, Progress


def close_words(told: Progress) -> str:
    """Return it in a sentence: 20,000 to close, 13,120 done, 41 on hold, about 84 minutes left."""
    if not told.total:
        return "Nothing to close."
    parts = [f"{told.total:,} to close", f"{told.done:,} done"]
    if told.on_hold:
        parts.append(f"{told.on_hold:,} on hold")
    if told.left:
        parts.append(_left(told.minutes_left))
    return ", ".join(parts) + "."


def limit_words(told: Progress, means: Means) -> str:
    """Return what the close waits for, or what lets it go no faster."""
    per_minute = f"{told.per_minute:,.0f} a minute"
    allowed = f"{60 * means.per_second:,.0f} a minute"
    return {
        "idle": "No cycle ended in the last 24 hours, and none waits.",
        "done": "Every bill is issued.",
        "holds": "What is left waits for a person.",
        "held": "Nothing is issued while closings are held.",
        "away": "Stripe is not answering. It continues once Stripe does.",
        "workers": "No worker is running. Start one.",
        "grace": "Late usage is still accepted. They are sealed when its grace ends.",
        "spread": "Their turns are spread over the window of closes.",
        "supply": "Few wait: each is issued as soon as it is sealed.",
        "trying": "What is left failed and is tried again, at the latest every 15 minutes.",
        "pace": f"{per_minute} of the {allowed} that Stripe's rate allows: the workers are the "
        "limit, or Stripe answers slowly.",
        "rate": f"Stripe's rate is the limit: {allowed} at most.",
    }[told.limit]


def _left(minutes: int | None) -> str:
    if minutes is None:
        return "no end in sight"
    if minutes <= 1:
        return "about a minute left"
    if minutes <= 180:
        return f"about {minutes} minutes left"
    return f"about {round(minutes / 60)} hours left"
