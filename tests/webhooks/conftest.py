from tests.sync.conftest import bill, sandbox, sandbox_server, syncer

__all__ = ["bill", "sandbox", "sandbox_server", "syncer"]
