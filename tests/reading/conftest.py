"""What the sync's tests have, for what is read of syncs."""

from tests.sync.conftest import bill, simulator, simulator_server, syncer

__all__ = ["bill", "simulator", "simulator_server", "syncer"]
