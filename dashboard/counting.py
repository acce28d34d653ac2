"""Where requests and tries are counted for all processes: the library's storage in our Redis."""

from limits.storage import Storage, storage_from_string

# So long a request waits for Redis, which answers within a millisecond: pages do without it.
PATIENCE = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}


def shared_storage(redis_url: str) -> Storage:
    """Return the storage in the Redis of this address."""
    # The library has its own name for a Redis behind a socket.
    address = redis_url.replace("unix://", "redis+unix://", 1)
    storage: Storage = storage_from_string(address, **PATIENCE)  # type: ignore[assignment]  # a kept connection, not the asynchronous one
    return storage
