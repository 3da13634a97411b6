"""The only importer of grpc and the stubs: convert in, call, convert out."""

import os

# gRPC reads these when it is first imported. We never fork (workers are new processes), and its fork
# handlers and core lines would only write to stderr, where an operator's JSON lines are.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
