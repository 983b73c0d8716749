"""What a message is and when it may go: rules only."""
