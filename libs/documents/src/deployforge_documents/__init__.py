"""Documents as trees that know the place of every value, and what is wrong with them."""
