"""What the phone shall say and ask, as plain values: verbs, menus, prompt codes. No provider, no session."""
