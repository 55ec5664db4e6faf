"""The built-in carrier and its telephones: outside the product, which they reach only by signed webhooks and REST."""
