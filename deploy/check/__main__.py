"""`python -m deploy.check`: the page's blocks in their order, and what happens between them."""

from __future__ import annotations

import sys
import time
import traceback

from deploy.check import page, room
from deploy.check.connections import watched
from deploy.check.load import under_load
from deploy.check.page import Block
from deploy.check.shell import Failed, Shell
from deploy.check.story import ADDRESS, HOST, Story


def main() -> int:
    """Enter a room of our own, and do there what the page says."""
    if len(sys.argv) < 2:
        room.enter("deploy.check")
    began = time.monotonic()
    scratch = room.furnish(HOST)
    shell = Shell(room.environment(scratch), network=int(sys.argv[1]))
    story = Story(scratch, shell)
    try:
        for block in page.blocks():
            act(story, block)
    except (Failed, Exception) as error:
        if not isinstance(error, Failed):
            traceback.print_exc()
        sys.stderr.write(f"\n{error}\n{logs(story)}")
        return 1
    finally:
        room.leave(scratch)
    story.figures["the whole of it"] = f"{time.monotonic() - began:.0f} s"
    for what, seen in story.figures.items():
        sys.stdout.write(f"{what:<44} {seen}\n")
    return 0


# What a reader does by hand before a block, after it, and what they put in its place.
BEFORE = {("A new release", "sh network"): Story.before_release}
AFTER = {
    ("Packages and the first release", "sh network"): Story.after_packages,
    ("Settings", "sh"): Story.after_settings,
    ("Processes", "sh"): Story.after_processes,
    ("Backups", "sh"): Story.after_backups,
    ("Restoring", "sh"): Story.after_restoring,
    ("Watching", "sh"): Story.after_watching,
    ("With a pooler", "sh"): Story.after_pooler,
    ("The first draft", "sh"): Story.after_first_draft,
}


def act(story: Story, block: Block) -> None:
    """Run one block, and what its reader does before and after it."""
    place = (block.heading, block.kind)
    BEFORE.get(place, lambda _: None)(story)
    if place == ("A new release", "sh"):
        cookies = story.customer.browser.cookies
        with (
            watched() as connections,
            under_load(ADDRESS, story.authority, story.site.token, cookies) as load,
        ):
            story.shell.run(block)
        story.after_release(load, max(connections))
        return
    said = story.shell.run(block, instead=instead(story, block))
    if place == ("The first admin", "sh"):
        story.after_first_admin(said)
    AFTER.get(place, lambda _: None)(story)


def instead(story: Story, block: Block) -> str | None:
    """Return what stands in the place of what only the reader knows."""
    if block.kind != "sh yours":
        return None
    is_first = block.heading == "What only you know"
    return story.what_only_you_know() if is_first else f"TOKEN={story.site.token}"


def logs(story: Story) -> str:
    """Return how the log of each process ends."""
    parts = []
    for path in sorted((story.scratch / "log").glob("*.log")):
        lines = path.read_text(errors="replace").splitlines()[-12:]
        parts.append(f"-- {path.name}\n" + "\n".join(line[:400] for line in lines))
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
