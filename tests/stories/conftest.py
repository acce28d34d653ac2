from tests.sync.conftest import simulator, simulator_server, syncer

__all__ = ["simulator", "simulator_server", "syncer"]
