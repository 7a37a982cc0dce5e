"""What plugins for AWS's engines share: clients in a role, and errors told apart."""
