"""docs/deploying.md and the files in deploy/ hold together; `make deploy-check` tries them all."""

import re
import shlex
from pathlib import Path

import pytest

from dashboard.config import Config
from deploy.check import unit
from deploy.check.page import PAGE, blocks
from tests.support.environment import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMMANDS = "\n".join(block.text for block in blocks())


def test_every_block_is_of_a_kind_that_the_check_knows() -> None:
    found = list(blocks())
    assert {block.kind for block in found} == {"sh", "sh network", "sh yours"}
    assert found[0].heading == "What only you know"


def test_every_file_that_the_page_names_is_there_and_none_is_left_out() -> None:
    named = set(re.findall(r"deploy/[\w./-]+\w", COMMANDS))
    there = {str(path.relative_to(ROOT)) for path in DEPLOY.rglob("*") if path.is_file()}
    beside = {name for name in there if "/check/" in name or name.endswith("alerts_test.yml")}
    units = {name for name in there if "/systemd/" in name}
    assert "deploy/systemd/*" in COMMANDS
    assert named - {"deploy/systemd"} == there - beside - units


def test_what_is_to_be_filled_in_is_filled_in() -> None:
    ours = (path for path in DEPLOY.rglob("*") if "check" not in path.relative_to(DEPLOY).parts)
    files = [path for path in ours if path.is_file()]
    marks = {mark for path in files for mark in re.findall(r"@[A-Z_]+@", path.read_text())}
    assert marks == set(re.findall(r"s\|(@[A-Z_]+@)\|", COMMANDS))


def test_the_settings_are_ours_and_read_alike_by_systemd_and_shells() -> None:
    for line in (DEPLOY / "environment").read_text().splitlines():
        if line and not line.startswith("#"):
            name, value = line.split("=", 1)
            assert name.lower() in Config.model_fields
            assert shlex.split(value) == [value.strip("'")]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_no_unit_is_less_confined_than_another(path: Path) -> None:
    text = path.read_text()
    first = UNITS[0].read_text()
    for line in first[first.index("CapabilityBoundingSet=") : first.index("UMask")].splitlines():
        assert line in text.splitlines(), f"{path.name} lacks {line}"
    assert "User=billing" in text
    assert "EnvironmentFile=/etc/billing/environment" in text


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Returns what writes a unit where the reader looks for it."""
    monkeypatch.setattr(unit, "PLACES", (tmp_path,))

    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path

    return write


def test_the_reader_of_units_knows_instances_files_and_variables(written) -> None:
    written(
        "web@.service",
        "[Unit]\nDescription=%i\n[Service]\nEnvironment=A=1 B='two words'\n"
        'EnvironmentFile=-/nowhere\nExecStart=/bin/web --port %i \\\n  $ARGS "a b"\n'
        "# ExecStart=/bin/other\n[Install]\nWantedBy=x\n",
    )
    found = unit.read("web@8001")
    assert found.name == "web@8001.service"
    assert found.commands("ExecStart") == [["/bin/web", "--port", "8001", "a b"]]
    assert found.environment()["B"] == "two words"


def test_a_file_of_settings_that_has_to_be_there_is_asked_for(written, tmp_path) -> None:
    settings = tmp_path / "settings"
    text = f"[Service]\nEnvironmentFile={settings}\nExecStart=/bin/web ${{ARGS}}\n"
    written("web.service", text)
    with pytest.raises(FileNotFoundError):
        unit.read("web").environment()
    settings.write_text("# of ours\nARGS=\"--one --two\"\nURL='a?b&c'\n")
    assert unit.read("web").commands("ExecStart") == [["/bin/web", "--one", "--two"]]
    assert unit.read("web").environment()["URL"] == "a?b&c"


def test_a_unit_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match=r"no-such\.service"):
        unit.read("no-such")


def test_the_page_is_linked_from_the_readme() -> None:
    assert str(PAGE.relative_to(ROOT)) in (ROOT / "README.md").read_text()
