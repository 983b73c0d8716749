"""What every service rides on; knows no domain noun."""
