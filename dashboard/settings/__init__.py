"""Settings that belong together, each group in its file; `dashboard.config` joins them."""
