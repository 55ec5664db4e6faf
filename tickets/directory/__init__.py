"""Who answers for what: units, places, procedures, lines, calendars, duty."""
