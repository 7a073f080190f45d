"""The named diagrams of papers."""
