"""Azure: one incremental deployment of an ARM template per unit, into one resource group."""
