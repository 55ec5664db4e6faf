"""Citizens, the people who act, what their roles let them see; phone numbers, references and PINs."""
