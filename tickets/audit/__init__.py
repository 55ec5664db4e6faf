"""The audit trail: entries written with each change, sealed into a chain, read and proved."""
