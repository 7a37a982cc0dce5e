"""The plugins that come with the gateway, one package each: `options.py` and `plugin.py`."""
