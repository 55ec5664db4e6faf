"""HTTP lives here, meaning in the rooms: one module per page group, whose blueprint is listed in `blueprints`."""
