"""Native templates as resources of a manifest: read and evaluated where their files are, without any cloud.

What a template says is taken over exactly, or refused with construct, file, line and column; nothing is guessed.
"""
