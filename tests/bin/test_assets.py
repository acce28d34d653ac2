"""What pages load is made of the sources that there are, and of no others."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from bin.setup import node
from tests.support.environment import ROOT


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources; the packages in it may be replaced one by one."""
    for folder in ("templates", "static"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "bin").mkdir()
    for file in ("bin/assets.mjs", "package.json"):
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "node_modules").mkdir()
    for package in (ROOT / "node_modules").iterdir():
        (tmp_path / "node_modules" / package.name).symlink_to(package)
    return tmp_path


def make(tree: Path) -> "subprocess.CompletedProcess[str]":
    """Make the pages' files of a tree."""
    command = [*node("node"), "bin/assets.mjs"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def made(tree: Path, name: str) -> str:
    """Return a file that was made."""
    manifest = json.loads((tree / "static" / "built" / "manifest.json").read_text())
    return (tree / "static" / "built" / "files" / manifest[name]["file"]).read_text()


def test_tablers_rules_are_kept_for_what_a_template_names_and_for_nothing_else(tree: Path) -> None:
    assert make(tree).returncode == 0
    before = made(tree, "app.css")
    assert ".accordion-item" not in before
    (tree / "templates" / "new.html").write_text('<div class="accordion-item"></div>')
    assert make(tree).returncode == 0
    assert ".accordion-item" in made(tree, "app.css")
    # Of 635 kB. Our own sheets, which grow with the pages, are left out: what is sent is measured.
    for sheet in (tree / "static" / "css").iterdir():
        sheet.write_text("")
    assert make(tree).returncode == 0
    assert len(made(tree, "app.css")) < 56_000


def test_a_package_that_is_not_the_one_we_name_is_refused_and_nothing_changes(tree: Path) -> None:
    package = tree / "node_modules" / "htmx.org"
    package.unlink()
    shutil.copytree(ROOT / "node_modules" / "htmx.org" / "dist", package / "dist")
    with (package / "dist" / "htmx.min.js").open("a") as file:
        file.write("tampered()")
    before = made(tree, "app.js")
    refused = make(tree)
    assert refused.returncode != 0
    assert "htmx.min.js is not the file that package.json names" in refused.stderr
    assert made(tree, "app.js") == before


@pytest.mark.parametrize("file", ["css/new.css", "js/new.js"])
def test_a_file_of_ours_that_has_no_place_is_refused(tree: Path, file: str) -> None:
    (tree / "static" / file).write_text("")
    refused = make(tree)
    assert refused.returncode != 0
    assert f"does not say where static/{file} belongs" in refused.stderr
