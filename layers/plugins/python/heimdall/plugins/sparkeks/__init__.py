"""Runs SparkSQL as applications of the Kubeflow spark-operator on EKS."""
