"""Services: the operations of the store, a class for each noun, a transaction for each method.

What MLMD demands of behaviour is here, so that every face has it.
"""
