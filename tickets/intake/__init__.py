"""From a contact to a ticket: cleaned, recognised as a repeat or not, routed, opened with all its rows."""
