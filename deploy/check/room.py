"""A room of its own: the machine as it is, but what is written there is gone when the room is left.

Its own network (so Debian's ports are free), its own processes (which end with it), and a layer
over /etc, /usr, /var, /srv and /opt that lies in memory. Nothing of the machine is changed.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.check.page import ROOT

LAYERED = ("etc", "usr", "var", "srv", "opt")
NEEDS = "deploy-check needs root, and namespaces (in a container: --privileged)."
SYSTEMCTL = """#!/bin/sh
cd {root} && exec {python} -m deploy.check.systemctl "$@"
"""


def enter(module: str) -> None:
    """Start `module` again inside a new room, with a way to the machine's own network."""
    if os.geteuid() != 0:
        raise SystemExit(NEEDS)
    network = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.set_inheritable(network, True)
    apart = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    # A shell is the first process, for it buries those whose parents are gone.
    first = ["bash", "-c", '"$@"; exit $?', "room"]
    os.execvp("unshare", [*apart, *first, sys.executable, "-m", module, str(network)])


def furnish(host: str) -> Path:
    """Lay the layers; return a directory that lies in memory and is nobody's."""
    resolver = Path("/etc/resolv.conf").read_text()
    scratch = Path(tempfile.mkdtemp(prefix="deploy-check-"))
    _mount("-t", "tmpfs", "tmpfs", str(scratch))
    scratch.chmod(0o755)
    for name in LAYERED:
        upper, work = scratch / f"{name}.upper", scratch / f"{name}.work"
        upper.mkdir()
        work.mkdir()
        options = f"lowerdir=/{name},upperdir={upper},workdir={work}"
        _mount("-t", "overlay", "overlay", "-o", options, f"/{name}")
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    resolve = Path("/etc/resolv.conf")
    resolve.unlink(missing_ok=True)
    resolve.write_text(resolver)
    with Path("/etc/hosts").open("a") as hosts:
        hosts.write(f"\n127.0.0.1 {host}\n")
    Path("/run/lock").mkdir()
    Path("/run/postgresql").mkdir()
    _executable(Path("/usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n")
    (scratch / "bin").mkdir()
    (scratch / "log").mkdir()
    _executable(scratch / "bin" / "systemctl", SYSTEMCTL.format(root=ROOT, python=sys.executable))
    return scratch


def environment(scratch: Path) -> dict[str, str]:
    """Return the environment of a root who has just signed in, with our systemctl before theirs."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "MAKE", "PYENV"))
    }
    places = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return ours | {
        "PATH": f"{scratch}/bin:{places}",
        # What the room has is asked without the machine's way out.
        "no_proxy": "*",
        "DEPLOY_CHECK": str(scratch),
        "DEBIAN_FRONTEND": "noninteractive",
        "CURL_CA_BUNDLE": str(scratch / "ca.pem"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }


def leave(scratch: Path) -> None:
    """Take the empty place of the layers away; all else ends with the room."""
    subprocess.run(["umount", "--lazy", str(scratch)], check=False)
    shutil.rmtree(scratch, ignore_errors=True)


def _mount(*arguments: str) -> None:
    if subprocess.run(["mount", *arguments], check=False).returncode:
        raise SystemExit(NEEDS)


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
