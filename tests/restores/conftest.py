from tests.support.gaps import acme
from tests.sync.conftest import simulator, simulator_server, syncer

__all__ = ["acme", "simulator", "simulator_server", "syncer"]
