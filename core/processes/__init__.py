"""What differs between operating systems: starting processes, ending with the parent, identity."""
