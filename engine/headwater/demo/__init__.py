"""The demo: a real pipeline on real data, every step recorded, and what the record answers.

`pipeline` holds the components and pipelines, and is written to be copied from; `questions` what is
asked afterwards. It sees of headwater what a user sees.
"""
