"""Jobs and catalog in DynamoDB, streams, contexts and results in S3."""
