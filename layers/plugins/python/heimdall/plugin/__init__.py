"""The plugin framework: the protocol, its value types, and how a plugin is found."""
