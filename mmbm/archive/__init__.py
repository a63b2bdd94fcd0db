"""The archive (PACS): studies in, results out, and connections to no other place.

Opt-in: nothing here runs without a configuration that names the archive. What comes from it is
untrusted until :mod:`mmbm.io` has read it in its child processes; what goes to it waits in an
outbox on the disk until the archive has said that it holds it.
"""
