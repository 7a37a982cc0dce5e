"""Parts of the plugin postgres that need no server."""
