"""Vendors, one file each, behind one protocol."""
