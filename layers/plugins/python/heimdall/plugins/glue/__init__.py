"""Reads the metadata of Iceberg tables that Glue's Data Catalog knows."""
