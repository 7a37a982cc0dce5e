"""The Lambda functions, one package each; they share `heimdall` and never import one another."""
