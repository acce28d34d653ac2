"""A provider on this machine."""

from collections.abc import Iterator

import pytest

from tests.support.provider import LoopbackProvider, running_provider


@pytest.fixture
def there() -> Iterator[LoopbackProvider]:
    """A provider that answers."""
    with running_provider() as running:
        yield running
