"""The operator: reconciles DataLake resources into schema, retention and scaling of a ClickHouse lake."""
