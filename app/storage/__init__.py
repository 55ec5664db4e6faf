"""Where bytes rest: the database with its connections and transactions, and the media folder."""
