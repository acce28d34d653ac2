"""Budgets: what a cycle is meant to cost at most, and who is told when it will cost more.

A budget tells; it never stops usage, and nothing of a bill depends on it. Usage that is far from
its habit is told of here too. See docs/decisions/budgets.md.
"""
