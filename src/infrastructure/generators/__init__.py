"""Candidate generators and rankers, one file each, and the line-up they make."""
