"""What would be deployed: the synthesized templates, the packages, the options."""
