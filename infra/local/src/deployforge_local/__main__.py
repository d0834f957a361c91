"""`python -m deployforge_local`."""

from deployforge_local.main import main

main()
