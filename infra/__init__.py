"""What `cdk deploy` ships: the stacks, and the packages that their functions run."""
