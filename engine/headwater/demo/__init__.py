"""The demo: a real pipeline on real data, every step recorded, and what the record answers.

`pipeline` holds the steps and is written to be copied from; `types` the classes it records;
`validation` the checks of the data; `questions` what is asked afterwards. It sees of
headwater what a user sees.
"""
