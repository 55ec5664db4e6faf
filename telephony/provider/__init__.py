"""Everything that knows a provider: accounts, signatures, documents, the client, names of states and errors."""
