"""What `make run` tells whoever started it, and no log."""

from pathlib import Path

import pytest

from demo.__main__ import sign_ins
from demo.settings import PASSWORD_FILE
from demo.up.report import welcome
from demo.up.settings import Settings


def test_the_password_of_the_demo_is_shown_and_not_among_what_the_demo_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / PASSWORD_FILE).write_text("demo-abcd-efgh")
    settings = Settings(tmp_path, "127.0.0.1", 8000, 8001, True, True, True, True)
    printed = "\n".join(sign_ins())
    assert "demo-abcd" not in printed
    welcome(settings, printed, seconds=41.6)
    shown = capsys.readouterr().out
    assert "Ready after 42 s" in shown
    assert "admin     admin@example.com" in shown
    assert "password  demo-abcd-efgh" in shown
