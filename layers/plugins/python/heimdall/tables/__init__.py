"""Results as tables of Arrow: their types, their forms, and how they are handed over."""
