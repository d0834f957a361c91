"""`python -m deployforge_chassis.keys URI…`: make the first version of wrapping keys before services use them."""

import sys

from deployforge_chassis.keys.opening import prepare

for uri in sys.argv[1:]:
    prepare(uri)
