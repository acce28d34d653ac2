"""The demo organizations' sub-systems: they go on reporting usage through the API until stopped."""
