"""Speech for training from voices with exact phone times: text -> sound with phones, in many languages.

It is used by the training only, and the product needs none of its engines. docs/research/rendering.md lists them.
"""
