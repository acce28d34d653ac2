"""Where requests and tries are counted for all processes: the library's storage in our Redis."""

from limits.storage import Storage, storage_from_string


def shared_storage(redis_url: str) -> Storage:
    """Return the storage in the Redis of this address."""
    # The library has its own name for a Redis behind a socket.
    storage: Storage = storage_from_string(redis_url.replace("unix://", "redis+unix://", 1))  # type: ignore[assignment]  # a kept connection, not the asynchronous one
    return storage
