"""What every page and answer stands in: the application, access, errors, headers, limits. No page of its own."""
