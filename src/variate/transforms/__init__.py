"""The augmentations: one file each, in the folders of the survey's taxonomy.

Whatever transform a module here defines is found, registered and exported by importing ``variate``.
"""
