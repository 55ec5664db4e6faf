"""Parts that pages of several groups are made of: a choice of units, filters, the dot map, files taken and given."""
