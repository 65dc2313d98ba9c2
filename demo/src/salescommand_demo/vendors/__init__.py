"""One module per vendor: the invented company's records in that vendor's exact payload shape."""
