"""What the gateway is about: jobs, commands, clusters and the rules between them, free of AWS."""
