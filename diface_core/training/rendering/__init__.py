"""Speech for training from voices that tell when they say what: text -> sound with exact phones, in many languages.

Only training needs it, and none of its engines is needed to run the product. docs/research/rendering.md lists them.
"""
