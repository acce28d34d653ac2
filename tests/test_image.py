"""The image of production holds what runs, which is enough to start, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import ROOT, child_environment

DOCKERFILE = (ROOT / "Dockerfile").read_text()
IMAGE = DOCKERFILE.rpartition("\nFROM ")[2]
COPIED = re.findall(r"^COPY (?!--from)(\S+) ", IMAGE, re.MULTILINE)
NEVER = {"simulator", "demo", "tests", "benchmarks", "deploy", "docs", "mutants", ".data", ".git"}
PROCESSES = "import dashboard.web, dashboard.served, dashboard.worker, dashboard.scheduler"
START = f"import sys; {PROCESSES}; import wsgi; from jobs.declared import load_tasks; load_tasks()"
SAID = "; print(sorted({name.split('.')[0] for name in sys.modules} & {'simulator', 'demo'}))"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder of what the Dockerfile copies from the tree."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_image_names_what_it_takes() -> None:
    assert COPIED
    assert not {"."} & set(COPIED)
    assert not NEVER & set(COPIED)


def test_what_is_not_for_production_does_not_even_reach_the_builder() -> None:
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert ignored >= NEVER - {"mutants"}


def test_what_the_image_takes_is_enough_to_start(image: Path) -> None:
    environment = {**child_environment("postgresql://nowhere/none", "redis://nowhere")}
    environment = {**environment, "PYTHONPATH": os.fspath(image)}
    command = [sys.executable, "-c", START + SAID]
    done = subprocess.run(
        command, cwd=image, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["[]"]), done.stderr
