"""Takes every write of the API."""
