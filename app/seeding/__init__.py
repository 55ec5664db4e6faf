"""What a first start writes into an empty database: reference data always, the demonstration if asked."""
