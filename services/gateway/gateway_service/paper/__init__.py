"""What leaves on paper: travellers, evidence and shipping notes as PDF."""

NO_FONT = 3  # exit code of the press: no Chinese font is installed
