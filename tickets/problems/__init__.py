"""Arising problems: what suddenly many report, told from what they always do. Pure."""
