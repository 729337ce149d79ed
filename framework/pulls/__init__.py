"""Pull requests: where work waits for the forge's checks and for people before it lands."""
