"""The operator's console. An Operator is no Actor, and no launch ever makes one."""
