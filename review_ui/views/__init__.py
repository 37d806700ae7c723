"""One file per page; a view is a function from a request to a response."""
