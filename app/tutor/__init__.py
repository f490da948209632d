"""Conversations: one turn, evidence, citations."""
