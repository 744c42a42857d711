"""Costs of models by several programs, for compare_counters.py."""
