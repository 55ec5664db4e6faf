"""Backups: one file with database, media and a manifest, taken while the city works and proved before it is used."""
