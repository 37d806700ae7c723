"""What is measured, how, and on which corpus; each module prints a table. `make bench` runs all of them."""
